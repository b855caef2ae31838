import type { Allow } from "../../ipc/generated/Allow"
import type { ReplayChoices } from "../../ipc/generated/ReplayChoices"
import type { ReplayRow } from "../../ipc/generated/ReplayRow"
import type { ReplayState } from "../../ipc/generated/ReplayState"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"

/** Rows of results that are pulled at once, and held. */
const HELD = 200

const NOTHING: ReplayChoices = { container: false, host: false, recorded_times: false }

/** The dialog in which a session is replayed. Closing the dialog doesn't stop it. */
export class Replaying {
  /** The number of the session that the dialog is about. */
  session = $state(0)
  choices = $state.raw<ReplayChoices>(NOTHING)
  /** Only calls that differ or failed are listed. */
  onlyFailed = $state(false)
  rows = $state.raw<readonly ReplayRow[]>([])
  /** The place of the first of these rows. */
  from = $state(0)
  total = $state(0)
  proposed = $state.raw<readonly Allow[]>([])
  trouble = $state.raw<Trouble>()

  #shell: Shell
  #ready: (session: number) => Promise<Trouble | undefined>
  /** The running or last replay, of any session. */
  #shown = $state.raw<ReplayState>()
  #open = false
  #wanted = 0
  #pulling = false
  #stale = false
  /** A replay was begun of which not all results are here. A short one may end in the state that the last one ended in. */
  #unsettled = false

  /** `ready`: what a replay of the session waits for; it isn't begun if that failed. */
  constructor(
    shell: Shell,
    ready: (session: number) => Promise<Trouble | undefined> = async () => undefined,
  ) {
    this.#shell = shell
    this.#ready = ready
  }

  /** How far the replay of this session is. */
  get state(): ReplayState | undefined {
    return this.#shown?.session === this.session ? this.#shown : undefined
  }

  /** The session that is being replayed. */
  get running(): number | undefined {
    return this.#shown?.running ? this.#shown.session : undefined
  }

  /** Opens the dialog. What is allowed for one session isn't for another. */
  show(session: number): void {
    if (session !== this.session) {
      this.choices = NOTHING
      this.onlyFailed = false
    }
    this.session = session
    this.trouble = undefined
    this.#open = true
    this.#forget()
    void this.pull()
  }

  close(): void {
    this.#open = false
    this.#forget()
  }

  choose(part: Partial<ReplayChoices>): void {
    this.choices = { ...this.choices, ...part }
  }

  async start(): Promise<void> {
    // The dialog may be about another session by the time this one is ready.
    const { session, choices } = this
    this.#forget()
    const failed = await this.#ready(session)
    if (failed === undefined) {
      await this.#act(() => this.#shell.ask("replay", { session, choices }))
      this.#unsettled = true
      if (this.#open) void this.pull()
    } else if (session === this.session) this.trouble = failed
  }

  async stop(): Promise<void> {
    await this.#act(() => this.#shell.ask("replay_stop", {}))
  }

  see(state: ReplayState | undefined): void {
    const before = this.#shown
    this.#shown = state
    const same =
      before?.session === state?.session && before?.running === state?.running && before?.done === state?.done
    if ((!same || this.#unsettled) && this.#open) void this.pull()
  }

  setOnlyFailed(only: boolean): void {
    this.onlyFailed = only
    this.#forget()
    void this.pull()
  }

  /** The rows that are seen begin and end here: pulls them if they aren't held. */
  look(first: number, end: number): void {
    const held = first >= this.from && Math.min(end, this.total) <= this.from + this.rows.length
    if (held) return
    this.#wanted = Math.max(0, first - Math.floor(HELD / 4))
    void this.pull()
  }

  /** Pulls the rows again. One answer is waited for at a time. */
  async pull(): Promise<void> {
    this.#stale = true
    if (this.#pulling) return
    this.#pulling = true
    try {
      while (this.#stale) {
        this.#stale = false
        await this.#pullOnce()
      }
    } catch (thrown) {
      this.trouble = trouble(thrown)
    } finally {
      this.#pulling = false
    }
  }

  async #pullOnce(): Promise<void> {
    if (this.state === undefined) return
    const [from, failed] = [this.#wanted, this.onlyFailed]
    const list = await this.#shell.ask("replay_results", { from, count: HELD, failed })
    // Something else is wanted by now.
    if (from !== this.#wanted || failed !== this.onlyFailed || this.state === undefined) return
    this.from = from
    this.rows = list.rows
    this.total = list.total
    this.proposed = list.proposed
    this.#unsettled = list.rows.some(({ result }) => result.kind === "waiting" || result.kind === "running")
  }

  #forget(): void {
    this.#wanted = 0
    this.from = 0
    this.rows = []
    this.total = 0
    this.proposed = []
  }

  async #act(act: () => Promise<void>): Promise<void> {
    this.trouble = undefined
    try {
      await act()
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }
}
