import type { Command } from "../../ipc/generated/Command"
import type { EnvMode } from "../../ipc/generated/EnvMode"
import { trouble, type Shell } from "../../ipc/shell"
import { argsOf, replaceBox, replaceDraft, setBox, textsOf, type Args } from "./args"
import { filled, type Pair } from "./request.svelte"

/** Where a pasted line landed: in the program, in an argument box, or in the draft. */
export type PastedIn = "program" | "draft" | number

interface Split {
  words: number
  /** Puts the pasted text back as one argument. */
  undo: () => void
}

/** The form from which a command is made: an argument list, never a line for a shell. */
export class CommandForm {
  place = $state<"host" | "container">("host")
  program = $state("")
  args = $state.raw<Args>(argsOf([]))
  cwd = $state("")
  env = $state<Pair[]>([])
  envMode = $state<EnvMode>("add")
  user = $state("")
  /** Whether code would ask for callbacks, and for one a line. */
  streaming = $state(false)
  splitLines = $state(false)
  /** The last paste that was split, until something else is typed or it is undone. */
  split = $state.raw<Split>()
  splitProblem = $state<string>()

  #shell: Shell

  constructor(shell: Shell) {
    this.#shell = shell
  }

  ready = $derived(this.program.trim() !== "")

  command(container: string | undefined): Command {
    const inContainer = this.place === "container" && container !== undefined
    const command: Command = {
      place: inContainer ? { kind: "container", name: container } : { kind: "host" },
      program: this.program.trim(),
      args: textsOf(this.args),
      env: filled(this.env),
      envMode: inContainer ? "add" : this.envMode,
    }
    if (this.cwd !== "") command.cwd = this.cwd
    if (inContainer && this.user !== "") command.user = this.user
    if (this.streaming) command.stream = { splitLines: this.splitLines }
    return command
  }

  load(command: Command): void {
    this.place = command.place.kind === "container" ? "container" : "host"
    this.program = command.program
    this.args = argsOf(command.args)
    this.cwd = command.cwd ?? ""
    this.env = command.env.map((variable) => ({ ...variable }))
    this.envMode = command.envMode
    this.user = command.user ?? ""
    this.streaming = command.stream !== undefined
    // What was chosen for streaming stays chosen while plain ones are loaded.
    this.splitLines = command.stream?.splitLines ?? this.splitLines
    this.forgetSplit()
  }

  /** Splits what was pasted into boxes. `text` is the whole text of the box, paste included. */
  async paste(into: PastedIn, text: string): Promise<void> {
    const before = { program: this.program, args: this.args }
    let words: string[]
    try {
      words = await this.#shell.ask("split_words", { text })
    } catch (thrown) {
      this.#put(into, text)
      this.split = undefined
      this.splitProblem = `Not split: ${trouble(thrown).message}`
      return
    }
    this.splitProblem = undefined
    if (words.length === 0) return
    if (into === "program") {
      this.program = words[0]!
      this.args = argsOf([...words.slice(1), ...textsOf(this.args)])
    } else if (into === "draft") {
      this.args = replaceDraft(this.args, words)
    } else {
      this.args = replaceBox(this.args, into, words)
    }
    const undo = () => {
      this.program = before.program
      this.args = before.args
      this.#put(into, text)
      this.split = undefined
    }
    this.split = words.length > 1 ? { words: words.length, undo } : undefined
  }

  /** What is typed after a paste makes its undo wrong. */
  forgetSplit(): void {
    this.split = undefined
    this.splitProblem = undefined
  }

  #put(into: PastedIn, text: string): void {
    if (into === "program") this.program = text
    else if (into === "draft") this.args = replaceDraft(this.args, [text])
    else this.args = setBox(this.args, into, text)
  }
}

/** Whether pasted text is more than one word, or quoted, and so a line to split. */
export function looksLikeLine(text: string): boolean {
  return /\S\s+\S/.test(text.trim())
}
