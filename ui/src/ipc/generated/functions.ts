// Made from porthole-sdk's table of functions by `make types`. Do not edit.
import type { ArgumentCheck } from "./ArgumentCheck";
import type { ClientRules } from "./ClientRules";
import type { Runtime } from "./Runtime";
import type { SdkFunction } from "./SdkFunction";

export const FUNCTIONS = [
  {"path":"extension.vm.service.get","deprecated":false,"signature":{"kind":"method","method":"GET","data":false}},
  {"path":"extension.vm.service.post","deprecated":false,"signature":{"kind":"method","method":"POST","data":true}},
  {"path":"extension.vm.service.put","deprecated":false,"signature":{"kind":"method","method":"PUT","data":true}},
  {"path":"extension.vm.service.patch","deprecated":false,"signature":{"kind":"method","method":"PATCH","data":true}},
  {"path":"extension.vm.service.delete","deprecated":false,"signature":{"kind":"method","method":"DELETE","data":false}},
  {"path":"extension.vm.service.head","deprecated":false,"signature":{"kind":"method","method":"HEAD","data":false}},
  {"path":"extension.vm.service.request","deprecated":false,"signature":{"kind":"request"}},
  {"path":"extension.vm.cli.exec","deprecated":false,"signature":{"kind":"exec","whose":"vm"}},
  {"path":"extension.host.cli.exec","deprecated":false,"signature":{"kind":"exec","whose":"host"}},
  {"path":"docker.cli.exec","deprecated":false,"signature":{"kind":"exec","whose":"docker"}},
  {"path":"docker.listContainers","deprecated":false,"signature":{"kind":"list","what":"containers"}},
  {"path":"docker.listImages","deprecated":false,"signature":{"kind":"list","what":"images"}},
  {"path":"backend.get","deprecated":true,"signature":{"kind":"method","method":"GET","data":false}},
  {"path":"backend.post","deprecated":true,"signature":{"kind":"method","method":"POST","data":true}},
  {"path":"backend.put","deprecated":true,"signature":{"kind":"method","method":"PUT","data":true}},
  {"path":"backend.patch","deprecated":true,"signature":{"kind":"method","method":"PATCH","data":true}},
  {"path":"backend.delete","deprecated":true,"signature":{"kind":"method","method":"DELETE","data":false}},
  {"path":"backend.head","deprecated":true,"signature":{"kind":"method","method":"HEAD","data":false}},
  {"path":"backend.request","deprecated":true,"signature":{"kind":"request"}},
  {"path":"backend.execInContainer","deprecated":true,"signature":{"kind":"line","whose":"vm","container":true,"rest":false}},
  {"path":"backend.execInVMExtension","deprecated":true,"signature":{"kind":"line","whose":"vm","container":false,"rest":false}},
  {"path":"backend.spawnInVMExtension","deprecated":true,"signature":{"kind":"spawn","whose":"vm"}},
  {"path":"spawnInVMExtension","deprecated":true,"signature":{"kind":"spawn","whose":"vm"}},
  {"path":"execHostCmd","deprecated":true,"signature":{"kind":"line","whose":"host","container":false,"rest":false}},
  {"path":"spawnHostCmd","deprecated":true,"signature":{"kind":"spawn","whose":"host"}},
  {"path":"execDockerCmd","deprecated":true,"signature":{"kind":"line","whose":"docker","container":false,"rest":true}},
  {"path":"spawnDockerCmd","deprecated":true,"signature":{"kind":"spawn","whose":"docker"}},
  {"path":"listContainers","deprecated":true,"signature":{"kind":"list","what":"containers"}},
  {"path":"listImages","deprecated":true,"signature":{"kind":"list","what":"images"}},
] as const satisfies readonly SdkFunction[];

export const ARGUMENT_CHECKS: readonly ArgumentCheck[] = [
  {"path":["cmd"],"each":false,"wanted":"string","optional":false,"strict":false},
  {"path":["args"],"each":false,"wanted":"array","optional":false,"strict":false},
  {"path":["args"],"each":true,"wanted":"string","optional":false,"strict":true},
  {"path":["options","cwd"],"each":false,"wanted":"string","optional":true,"strict":true},
  {"path":["options","env"],"each":false,"wanted":"object","optional":true,"strict":true},
  {"path":["options","env"],"each":true,"wanted":"string","optional":true,"strict":true},
];

export const RUNTIMES: Readonly<Record<Runtime, ClientRules>> = {
  "docker-desktop": {"name":"Docker Desktop","podman":false,"deprecatedFunctions":true,"arguments":{"checked":false,"streamIfPresent":false}},
  "rancher-desktop": {"name":"Rancher Desktop","podman":false,"deprecatedFunctions":false,"arguments":{"checked":true,"streamIfPresent":true}},
  "podman-desktop": {"name":"Podman Desktop","podman":true,"deprecatedFunctions":false,"arguments":{"checked":false,"streamIfPresent":false}},
  "podman-desktop-older": {"name":"Podman Desktop (older)","podman":true,"deprecatedFunctions":false,"arguments":{"checked":false,"streamIfPresent":false}},
};

export const WRONG_TYPE = "The \"{name}\" argument must be of type {wanted}. Received {received}";
export const NOT_A_LINE = "{function} takes a command line as a string.";
