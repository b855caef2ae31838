import type { Error as ShellError } from "../ipc/generated/Error"
import type { Saved } from "../ipc/generated/Saved"
import { trouble, type Shell, type Trouble } from "../ipc/shell"
import { Clock } from "./clock.svelte"
import { Composer } from "./composer.svelte"
import { Detail } from "./detail.svelte"
import { Output } from "./output.svelte"
import { Selection } from "./selection.svelte"
import { Settings } from "./settings.svelte"
import { Target } from "./target.svelte"
import { Timeline } from "./timeline.svelte"

/** All state of the window, and how its parts tell each other. */
export class Porthole {
  version = $state("")
  examples = $state.raw<readonly Saved[]>([])
  /** What went wrong before the window was there. */
  openingTrouble = $state.raw<ShellError>()
  /** The shell did not answer at all. */
  trouble = $state.raw<Trouble>()
  open = $state(false)

  clock = new Clock()
  settings: Settings
  target: Target
  timeline: Timeline
  selection: Selection
  detail: Detail
  output: Output
  composer: Composer

  #shell: Shell

  constructor(shell: Shell) {
    this.#shell = shell
    this.settings = new Settings(shell)
    this.target = new Target(shell, (target) => this.settings.setTarget(target))
    this.timeline = new Timeline(shell, () => this.#changed())
    this.selection = new Selection(() => this.#changed())
    this.detail = new Detail(shell, () => this.#shown())
    this.output = new Output(shell)
    this.composer = new Composer(shell, {
      container: () => this.target.current.container,
      row: (id) => this.timeline.row(id),
      selected: () => this.selected,
      began: (id) => {
        this.timeline.followsEnd = true
        this.selection.select(id)
      },
      acted: () => this.detail.refresh(),
    })
  }

  get selected() {
    return this.timeline.row(this.selection.id)
  }

  async begin(): Promise<void> {
    this.trouble = undefined
    try {
      const opening = await this.#shell.ask("opening", {})
      this.version = opening.version
      this.examples = opening.examples
      this.openingTrouble = opening.trouble
      this.settings.load(opening.settings)
      this.target.load(opening.target, opening.demo)
      const first = opening.settings.saved[0] ?? opening.examples[0]
      if (first) this.composer.load(first.composed)
      this.open = true
    } catch (thrown) {
      this.trouble = trouble(thrown)
      return
    }
    void this.timeline.watch()
  }

  /** Loads something saved and sends or runs it right away. */
  play(saved: Saved): void {
    this.composer.load(saved.composed)
    this.composer.submit()
  }

  #changed(): void {
    this.clock.run(this.timeline.live.length > 0)
    if (this.timeline.isGone(this.selection.id)) {
      this.selection.select(undefined)
      return
    }
    this.detail.look(this.selection.id, this.selected)
    this.#shown()
  }

  #shown(): void {
    this.output.see(this.selected, this.detail.call)
  }
}
