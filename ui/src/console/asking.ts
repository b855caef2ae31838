import type { Place } from "../ipc/generated/Place"
import type { Plan } from "../ipc/generated/Plan"
import type { Call } from "./calls"
import type { Asking, Kind } from "./words"

/** What a call would act on. */
export function kindOf({ asked }: Call): Kind {
  if (asked.kind === "request") return "service"
  if (asked.kind === "list") return "docker"
  // Any container of the engine can be named, and not only the extension's.
  if (asked.whose === "vm" && asked.container !== undefined) return "docker"
  return ({ vm: "container", host: "host", docker: "docker" } as const)[asked.whose]
}

/** What it really acts on: beside a native backend, what is for its container runs on this machine. */
export function actsOn(call: Call, plan: Plan): Kind {
  const kind = kindOf(call)
  return kind === "container" && plan.onHost ? "host" : kind
}

/** What somebody is asked about a call: exactly what would be done. */
export function askingOf(call: Call, plan: Plan): Asking {
  const { does, rules } = plan
  const of = { kind: actsOn(call, plan), called: call.called, rules: rules.map((rule) => rule.text) }
  switch (does.kind) {
    case "command": {
      const { program, args, cwd, env, place } = does.command
      return {
        ...of,
        where: whereOf(place),
        argv: [program, ...args],
        env,
        ...(cwd === undefined ? {} : { cwd }),
      }
    }
    case "request":
    case "engine": {
      const { method, path, query } = does.request
      const params = query.map(({ name, value }) => `${name}=${value}`).join("&")
      const where = does.kind === "request" ? "the backend's service" : "the engine"
      return { ...of, where, argv: [method, params === "" ? path : `${path}?${params}`], env: [] }
    }
    case "refuses":
      return { ...of, where: "nowhere", argv: [], env: [] }
  }
}

const whereOf = (place: Place): string =>
  place.kind === "host" ? "this machine" : `the container ${place.name}`
