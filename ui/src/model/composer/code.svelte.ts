import type { Command } from "../../ipc/generated/Command"
import type { Draft } from "../../ipc/generated/Draft"
import type { Form } from "../../ipc/generated/Form"
import type { FormKind } from "../../ipc/generated/FormKind"
import type { Call } from "../../ipc/generated/Call"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"

export const TITLES: Record<FormKind, string> = {
  current: "Current API",
  deprecated: "Deprecated API",
  curl: "curl",
  curl_powershell: "curl in PowerShell",
  docker_exec: "docker exec",
  docker_exec_powershell: "docker exec in PowerShell",
  shell: "Shell",
  powershell: "PowerShell",
}

const SETTLE_MS = 150

/** A request or command in all forms in which it can be copied. */
export class Forms {
  forms = $state.raw<readonly Form[]>([])
  trouble = $state.raw<Trouble>()
  current = $derived(this.forms.find(({ kind }) => kind === "current"))

  #shell: Shell
  #wanted = ""
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(shell: Shell) {
    this.#shell = shell
  }

  /** Asks for the forms of this, when typing has settled; `undefined` forgets what is here. */
  want(composed: Draft | undefined, settle = SETTLE_MS): void {
    const wanted = composed === undefined ? "" : JSON.stringify(composed)
    if (wanted === this.#wanted) return
    this.#wanted = wanted
    clearTimeout(this.#timer)
    if (composed === undefined) {
      this.forms = []
      this.trouble = undefined
    } else if (settle === 0) {
      this.forms = []
      void this.#ask(composed, wanted)
    } else {
      this.#timer = setTimeout(() => void this.#ask(composed, wanted), settle)
    }
  }

  async #ask(composed: Draft, wanted: string): Promise<void> {
    try {
      const forms = await this.#shell.ask("code", { composed })
      if (wanted !== this.#wanted) return
      this.forms = forms
      this.trouble = undefined
    } catch (thrown) {
      if (wanted !== this.#wanted) return
      this.forms = []
      this.trouble = trouble(thrown)
    }
  }
}

/** What an engine did itself, as the docker command with the same arguments. */
function asDocker(command: Command): Command {
  if (command.place.kind !== "engine") return command
  return { ...command, place: { kind: "host" }, program: "docker", args: [command.program, ...command.args] }
}

/** What a Call was composed of: for a Call of code, what the code asked, not what a Runtime made of it. */
export function composedOf({ act, sdk }: Call): Draft {
  if (act.kind === "exchange") return { kind: "request", ...act.request }
  const asked = sdk?.asked
  if (asked?.kind !== "exec" || asked.line) return { kind: "command", ...asDocker(act.command) }
  const { cwd: _, stream: __, ...rest } = act.command
  const { whose, cmd, args, env, cwd, stream } = asked
  const [program, ...words] = whose === "docker" ? ["docker", cmd, ...args] : [cmd, ...args]
  return {
    kind: "command",
    ...rest,
    program: program!,
    args: words,
    env,
    ...(cwd === undefined ? {} : { cwd }),
    ...(stream === undefined ? {} : { stream }),
  }
}

/** A form in one line, where there is only room for one. */
export function inOneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, " ")
}
