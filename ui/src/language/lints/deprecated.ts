/** The deprecated API, and its current form. */
import { bare, isSpawn, type SdkCallSite } from "../sdk-calls"
import { lint, type CodeLint } from "./lint"

/** The current form of a deprecated one, by its full name. */
export const CURRENT: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["get", "post", "put", "patch", "delete", "head", "request"].map((name) => [
      `backend.${name}`,
      `extension.vm.service.${name}`,
    ]),
  ),
  "backend.execInVMExtension": "extension.vm.cli.exec",
  "backend.execInContainer": 'docker.cli.exec("exec", [container, …])',
  "backend.spawnInVMExtension": "extension.vm.cli.exec, with `stream`",
  spawnInVMExtension: "extension.vm.cli.exec, with `stream`",
  execHostCmd: "extension.host.cli.exec",
  spawnHostCmd: "extension.host.cli.exec, with `stream`",
  execDockerCmd: "docker.cli.exec",
  spawnDockerCmd: "docker.cli.exec, with `stream`",
  listContainers: "docker.listContainers",
  listImages: "docker.listImages",
  toastSuccess: "desktopUI.toast.success",
  toastWarning: "desktopUI.toast.warning",
  toastError: "desktopUI.toast.error",
  openExternal: "host.openExternal",
  navigateToContainers: "desktopUI.navigate.viewContainers",
  navigateToContainer: "desktopUI.navigate.viewContainer",
  navigateToContainerLogs: "desktopUI.navigate.viewContainerLogs",
  navigateToContainerInspect: "desktopUI.navigate.viewContainerInspect",
  navigateToContainerStats: "desktopUI.navigate.viewContainerStats",
  navigateToImages: "desktopUI.navigate.viewImages",
  navigateToImage: "desktopUI.navigate.viewImage",
  navigateToVolumes: "desktopUI.navigate.viewVolumes",
  navigateToVolume: "desktopUI.navigate.viewVolume",
}

export function deprecated(call: SdkCallSite): CodeLint[] {
  const current = CURRENT[call.path]
  if (current === undefined) return []
  const called = bare(call.node.expression)
  const found = [
    lint(called, "deprecated", "note", {
      summary: `\`ddClient.${call.path}\` is deprecated.`,
      impact: "Docker Desktop still has it; Rancher Desktop and Podman Desktop do not.",
      fix: `Use \`ddClient.${current}\`.`,
    }),
  ]
  if (isSpawn(call) && call.path === "spawnInVMExtension")
    found.push(
      lint(called, "spawn-place", "warning", {
        summary: "By type, `spawnInVMExtension` is a member of `ddClient.backend`.",
        impact: "The example in the SDK reference calls it on `ddClient`, where it may not exist.",
        fix: "Call `ddClient.backend.spawnInVMExtension`, or its current form.",
      }),
    )
  return found
}
