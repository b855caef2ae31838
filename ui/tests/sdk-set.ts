/** `ddClient` over a transport that keeps what it is asked. */
import type { v1Hybrid } from "@docker/extension-api-client-types"
import { afterEach, vi } from "vitest"
import type { SdkCall } from "../src/ipc/generated/SdkCall"
import type { Runtime } from "../src/ipc/generated/Runtime"
import type { Value } from "../src/ipc/generated/Value"
import { createDdClient } from "../src/sdk/client"
import type { Listener, Named, Transport } from "../src/sdk/transport"

export type Told = Parameters<Transport["tell"]>[0]

/** A transport that keeps what it is asked. */
export function asks(answer: (asked: SdkCall) => Promise<unknown> = async () => undefined) {
  const calls: { asked: SdkCall; named: Named }[] = []
  const streams: { asked: SdkCall; to: Listener; closed: number }[] = []
  const told: Told[] = []
  const dialogs: unknown[] = []
  const transport: Transport = {
    guard: () => {},
    call: (asked, named) => {
      calls.push({ asked, named })
      return answer(asked)
    },
    stream: (asked, _named, to) => {
      const stream = { asked, to, closed: 0 }
      streams.push(stream)
      return { close: () => void (stream.closed += 1) }
    },
    ask: async (_what, properties) => {
      dialogs.push(properties)
      return { canceled: false, filePaths: ["/a"] }
    },
    tell: (what) => void told.push(what),
  }
  return { transport, calls, streams, told, dialogs }
}

export const facts = (runtime: Runtime, more: { container?: boolean; service?: boolean } = {}) => ({
  runtime,
  machine: { platform: "darwin", arch: "arm64", hostname: "harbour" },
  image: "acme/volumes:1",
  container: true,
  service: true,
  ...more,
})

export function make(runtime: Runtime = "docker-desktop", answer?: (asked: SdkCall) => Promise<unknown>) {
  const around = asks(answer)
  const thrown: unknown[] = []
  // On Docker Desktop everything is there, as the hybrid type says.
  const client = createDdClient(around.transport, facts(runtime), (error) =>
    thrown.push(error),
  ) as v1Hybrid.DockerDesktopClient & Pick<v1Hybrid.BackendV0, "spawnInVMExtension">
  return { client, thrown, ...around }
}

export const text = (text: string): Value => ({ kind: "text", text, bytes: text.length, cut: false })
export const number = (value: number): Value => ({ kind: "number", text: String(value) })
export const output = (stream: "stdout" | "stderr", value: Value) =>
  ({
    kind: "output",
    stream,
    value,
    beginsInCharacter: false,
    endsInCharacter: false,
    beginsInLine: false,
    endsInLine: false,
  }) as const

afterEach(() => vi.unstubAllGlobals())

export const none = { line: false, env: [] }

export const printed = (...entries: unknown[]) => ({
  parseJsonLines: () => entries,
  lines: () => entries.map(String),
})
