import type { Shell } from "../../ipc/shell"
import { Replaying } from "../replay/replaying.svelte"
import { RuleEditor } from "../replay/rules.svelte"
import { Comparing } from "./comparing.svelte"

type Dialog = "compare" | "replay"

/** Calls that are compared with each other, sessions that are replayed, and the rules for both. */
export class Comparisons {
  readonly comparing: Comparing
  readonly replaying: Replaying
  /** Those of the session that is replayed or compared. */
  readonly rules: RuleEditor

  #open: (dialog: Dialog | undefined) => void
  /** What the comparison was opened from. */
  #backTo: Dialog | undefined

  /** `open`: shows this dialog in place of the one that is there. */
  constructor(shell: Shell, open: (dialog: Dialog | undefined) => void) {
    this.#open = open
    this.rules = new RuleEditor(shell, () => {
      void this.replaying.pull()
      if (this.comparing.session !== undefined) void this.comparing.again()
    })
    this.replaying = new Replaying(shell, (session) => this.rules.settled(session))
    this.comparing = new Comparing(shell, (session) => void this.rules.load(session))
  }

  /** Compares two calls. */
  compare(first: number, second: number, backTo?: Dialog): void {
    this.#backTo = backTo
    this.#open("compare")
    void this.comparing.show(first, second)
  }

  /** Closes the comparison; what it was opened from is there again. */
  closeComparison(): void {
    this.comparing.close()
    if (this.#backTo === "replay") this.replay(this.replaying.session)
    else this.#open(undefined)
    this.#backTo = undefined
  }

  /** Opens the dialog in which a session is replayed. */
  replay(session: number): void {
    this.#open("replay")
    this.replaying.show(session)
    void this.rules.load(session)
  }
}
