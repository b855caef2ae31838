import type { v0 } from "@docker/extension-api-client-types"
import type { SdkExec } from "../ipc/generated/SdkExec"
import type { Called } from "../ipc/generated/Called"
import type { CliTarget } from "../ipc/generated/CliTarget"
import type { Desktop } from "./desktop"
import { askedOf, type SdkDeps } from "./exec"
import type { SdkFacts } from "./facts"
import { listsOf } from "./lists"
import { named } from "./naming"
import { serviceOf } from "./service"
import { jsOf } from "./value"

/** `(data, error)`: everything of a command comes to one function. */
type Callback = (data: unknown, error: unknown) => void

/** Where the reference's example calls it. By type its place is `backend`. */
interface AtTheRoot {
  spawnInVMExtension: v0.Backend["spawnInVMExtension"]
}

/** The deprecated API, which is there on Docker Desktop alone. */
export function deprecatedApi(
  facts: SdkFacts,
  desktop: Desktop,
  deps: SdkDeps,
): v0.DockerDesktopClient & AtTheRoot {
  const run = execOf(deps)
  const spawn = spawnOf(deps)
  const lists = listsOf("ddClient", deps.transport)
  const backend: v0.Backend | undefined =
    facts.container || facts.service
      ? {
          ...serviceOf("ddClient.backend", deps.transport),
          execInContainer: (container, cmd) =>
            run("vm", "backend.execInContainer", cmd, [container, cmd], { container: String(container) }),
          execInVMExtension: (cmd) => run("vm", "backend.execInVMExtension", cmd, [cmd]),
          spawnInVMExtension: spawn("vm", "backend.spawnInVMExtension"),
        }
      : undefined
  return {
    backend,
    spawnInVMExtension: (cmd, args, callback) => {
      desktop.warn(
        "ddClient.spawnInVMExtension is the place of the reference's example; by type it is ddClient.backend.spawnInVMExtension.",
      )
      spawn("vm", "spawnInVMExtension")(cmd, args, callback)
    },
    execHostCmd: (cmd) => run("host", "execHostCmd", cmd, [cmd]),
    spawnHostCmd: spawn("host", "spawnHostCmd"),
    execDockerCmd: (cmd, ...args) =>
      run("docker", "execDockerCmd", cmd, [cmd, ...args], {
        args: args.map(String),
        // With arguments the first is one too; alone it may be the whole line.
        line: args.length === 0,
      }),
    spawnDockerCmd: spawn("docker", "spawnDockerCmd"),
    listContainers: lists.listContainers,
    listImages: lists.listImages,
    toastSuccess: (message) => desktop.toast("success", message),
    toastWarning: (message) => desktop.toast("warning", message),
    toastError: (message) => desktop.toast("error", message),
    openExternal: (url) => desktop.openExternal(url),
    navigateToContainers: () => desktop.navigate("viewContainers", []),
    navigateToContainer: async (id) => desktop.navigate("viewContainer", [id]),
    navigateToContainerLogs: async (id) => desktop.navigate("viewContainerLogs", [id]),
    navigateToContainerInspect: async (id) => desktop.navigate("viewContainerInspect", [id]),
    navigateToContainerStats: async (id) => desktop.navigate("viewContainerStats", [id]),
    navigateToImages: () => desktop.navigate("viewImages", []),
    navigateToImage: async (id, tag) => desktop.navigate("viewImage", [id, tag]),
    navigateToVolumes: () => desktop.navigate("viewVolumes", []),
    navigateToVolume: (volume) => desktop.navigate("viewVolume", [volume]),
  }
}

/** Takes one string, of which nobody documents how it is split: the core decides that. */
function execOf({ transport }: SdkDeps) {
  return async (
    whose: CliTarget,
    called: string,
    cmd: unknown,
    args: unknown[],
    more: Partial<SdkExec> = {},
  ) => {
    if (typeof cmd !== "string") throw new TypeError(`ddClient.${called} takes a command line as a string.`)
    const asked = { ...askedOf(whose, cmd, []), line: true, ...more }
    return (await transport.call(asked, named(`ddClient.${called}`, args))) as v0.ExecResult
  }
}

function spawnOf(deps: SdkDeps) {
  return (whose: CliTarget, called: string) =>
    (cmd: string, args: string[], callback: Callback): void => {
      const name = named(`ddClient.${called}`, [cmd, args, callback])
      const asked = { ...askedOf(whose, String(cmd), args ?? []), stream: { splitLines: false } }
      const tell: Callback = (data, error) => {
        try {
          if (typeof callback === "function") callback(data, error)
        } catch (thrown) {
          deps.uncaught(thrown)
        }
      }
      deps.transport.stream(asked, name, {
        called: (what) => tell(...dataOf(what, deps)),
        failed: (error) => tell({}, error),
      })
    }
}

/** `data` is always an object: the reference's example reads `data.stdout` before it looks at `err`. */
function dataOf(what: Called, { runtime }: SdkDeps): [data: unknown, error: unknown] {
  if (what.kind === "output") return [{ [what.stream]: jsOf(what.value, runtime) }, undefined]
  if (what.end.kind === "close") return [{ code: jsOf(what.end.code, runtime) }, undefined]
  if (what.end.kind === "error") return [{}, jsOf(what.end.error, runtime)]
  return [{}, undefined]
}
