/**
 * That what `createDdClient` makes is what the official types say. Nothing here runs: `npm run
 * check` fails when it is not so.
 */
import type { v0, v1, v1Hybrid } from "@docker/extension-api-client-types"
import type { createDdClient } from "./client"
import type { currentApi } from "./current"
import type { deprecatedApi } from "./deprecated"
import type { Places } from "./functions"
import type { FUNCTIONS } from "../ipc/generated/functions"

/** Fails to compile unless `Made` can be used wherever `Wanted` is. */
type Fits<Made extends Wanted, Wanted> = Made

type Current = ReturnType<typeof currentApi>
type Deprecated = ReturnType<typeof deprecatedApi>

/** The full names of what is at a place. */
type PathsAt<P extends keyof Places> = P extends "" ? keyof Places[P] : `${P}.${keyof Places[P] & string}`
type Paths = { [P in keyof Places]: PathsAt<P> }[keyof Places]
type InTable = (typeof FUNCTIONS)[number]["path"]

export type Official = [
  Fits<ReturnType<typeof createDdClient>, v1.DockerDesktopClient>,
  Fits<Current, v1.DockerDesktopClient>,
  Fits<Deprecated, v0.DockerDesktopClient>,
  Fits<Current & Deprecated, v1Hybrid.DockerDesktopClient>,
  Fits<Paths, InTable>,
  Fits<InTable, Paths>,
]
