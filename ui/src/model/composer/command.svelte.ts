import type { Command } from "../../ipc/generated/Command"
import type { EnvMode } from "../../ipc/generated/EnvMode"
import type { Stdin } from "../../ipc/generated/Stdin"
import { trouble, type Shell } from "../../ipc/shell"
import { argsOf, replaceBox, replaceDraft, setBox, textsOf, type Args } from "./args"
import { filled, offRows, withOff, type Pair } from "./rows"

/** Where a pasted line landed: in an argument box, or in the draft. */
export type PastedIn = "draft" | number

interface Split {
  words: number
  /** It was the program that was split. */
  program: boolean
  /** Puts the text back as it was. */
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
  /** What it reads. What is typed stays while the other is chosen. */
  stdin = $state<"none" | Stdin["kind"]>("none")
  stdinText = $state("")
  stdinFile = $state("")
  /** What the program would be split into, while it is more than one word. */
  offer = $state.raw<readonly string[]>()
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
    const offEnv = offRows(this.env)
    if (offEnv.length > 0) command.offEnv = offEnv
    if (this.cwd !== "") command.cwd = this.cwd
    if (inContainer && this.user !== "") command.user = this.user
    if (this.streaming) command.stream = { splitLines: this.splitLines }
    if (this.stdin === "text") command.stdin = { kind: "text", text: this.stdinText }
    if (this.stdin === "file") command.stdin = { kind: "file", path: this.stdinFile }
    return command
  }

  /** A shell in a terminal, with what this form says of its surroundings. The program is found by the application. */
  terminal(place: "host" | "container", container: string | undefined): Command {
    const inContainer = place === "container" && container !== undefined
    const command: Command = {
      place: inContainer ? { kind: "container", name: container } : { kind: "host" },
      program: "",
      args: [],
      env: filled(this.env),
      envMode: inContainer ? "add" : this.envMode,
    }
    // What is written for another place isn't for this one.
    if (place !== this.place) return { ...command, env: [], envMode: "add" }
    if (this.cwd !== "") command.cwd = this.cwd
    if (inContainer && this.user !== "") command.user = this.user
    return command
  }

  load(command: Command): void {
    this.place = command.place.kind === "container" ? "container" : "host"
    this.program = command.program
    this.args = argsOf(command.args)
    this.cwd = command.cwd ?? ""
    const on = command.env.map((variable): Pair => ({ ...variable }))
    this.env = withOff(on, command.offEnv ?? [], ({ name, value }): Pair => ({ name, value, off: true }))
    this.envMode = command.envMode
    this.user = command.user ?? ""
    this.streaming = command.stream !== undefined
    this.stdin = command.stdin?.kind ?? "none"
    if (command.stdin?.kind === "text") this.stdinText = command.stdin.text
    if (command.stdin?.kind === "file") this.stdinFile = command.stdin.path
    // What was chosen for streaming stays chosen while plain ones are loaded.
    this.splitLines = command.stream?.splitLines ?? this.splitLines
    this.forgetSplit()
    void this.look()
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
    if (into === "draft") {
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
    this.split = words.length > 1 ? { words: words.length, program: false, undo } : undefined
  }

  /** Finds out whether the program is a whole command line. */
  async look(): Promise<void> {
    this.offer = undefined
    const text = this.program
    if (!looksLikeLine(text)) return
    try {
      const words = await this.#shell.ask("split_words", { text })
      if (text === this.program && words.length > 1) this.offer = words
    } catch {
      // An open quote: the line is still being typed, or it is no line.
    }
  }

  /** Takes the program for a command line, in place of all arguments. */
  accept(): void {
    const words = this.offer
    if (words === undefined) return
    const before = { program: this.program, args: this.args }
    this.program = words[0]!
    this.args = argsOf(words.slice(1))
    this.offer = undefined
    this.splitProblem = undefined
    const undo = () => {
      this.program = before.program
      this.args = before.args
      this.split = undefined
      void this.look()
    }
    this.split = { words: words.length, program: true, undo }
  }

  /** What is typed after a paste makes its undo wrong. */
  forgetSplit(): void {
    this.split = undefined
    this.splitProblem = undefined
  }

  #put(into: PastedIn, text: string): void {
    if (into === "draft") this.args = replaceDraft(this.args, [text])
    else this.args = setBox(this.args, into, text)
  }
}

/** Whether pasted text is more than one word, or quoted, and so a line to split. */
export function looksLikeLine(text: string): boolean {
  return /\S\s+\S/.test(text.trim())
}
