import type { Request } from "../../ipc/generated/Request"
import type { Shell } from "../../ipc/shell"
import type { Settings } from "../settings/settings.svelte"
import { Environments } from "./environments"
import { Folders } from "./folders"
import { Routes } from "./routes.svelte"

/** What the side bar has besides what was saved. */
export class Side {
  folders: Folders
  environments: Environments
  /** The routes that an OpenAPI document describes. */
  routes: Routes

  /** `use`: takes the request of a route. */
  constructor(shell: Shell, settings: Settings, use: (request: Request) => void) {
    this.folders = new Folders(settings)
    this.environments = new Environments(settings)
    this.routes = new Routes(shell, use)
  }
}
