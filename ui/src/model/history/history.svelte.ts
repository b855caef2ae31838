import type { HistoryFilter } from "../../ipc/generated/HistoryFilter"
import type { HistoryFrom } from "../../ipc/generated/HistoryFrom"
import type { HistoryList } from "../../ipc/generated/HistoryList"
import type { HistoryRow } from "../../ipc/generated/HistoryRow"
import type { HistoryState } from "../../ipc/generated/HistoryState"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"
import type { CallActions, CopyAs } from "../timeline/call-actions.svelte"
import { NOTHING, PAGE, withNewer, withOlder, type Held } from "./pages"

/** How long a pause in typing is. */
const TYPING_MS = 200

/** The calls of this start and earlier ones: some rows of them, pulled as the list is scrolled. */
export class History {
  told = $state.raw<HistoryState>({ revision: 0, available: false })
  held = $state.raw<Held>(NOTHING)
  /** All calls of the history, whatever the filter. */
  calls = $state(0)
  text = $state("")
  target = $state<string>()
  extension = $state<string>()
  targets = $state.raw<readonly string[]>([])
  extensions = $state.raw<readonly string[]>([])
  /** Outputs are searched, not only what was called. */
  inBodies = $state(false)
  trouble = $state.raw<Trouble>()
  /** The trouble of the history that was dismissed. */
  dismissed = $state<string>()

  #shell: Shell
  #showCall: (id: number) => void
  #actions: CallActions
  /** The list is seen. */
  #isShown = false
  /** The list shows its beginning, and follows what comes. */
  #follows = true
  #shownRevision = -1
  #isPulling = false
  /** Counts what was asked for: answers to earlier questions mean nothing. */
  #asked = 0
  #typing: ReturnType<typeof setTimeout> | undefined

  /** `showCall`: shows a call of the timeline. */
  constructor(shell: Shell, showCall: (id: number) => void, actions: CallActions) {
    this.#shell = shell
    this.#showCall = showCall
    this.#actions = actions
  }

  get filter(): HistoryFilter {
    return {
      text: this.inBodies ? "" : this.text.trim(),
      ...(this.target === undefined ? {} : { target: this.target }),
      ...(this.extension === undefined ? {} : { extension: this.extension }),
    }
  }

  get isFiltered(): boolean {
    return this.text.trim() !== "" || this.target !== undefined || this.extension !== undefined
  }

  /** The search in bodies whose results are shown. */
  get search() {
    const { search } = this.told
    return this.inBodies && search?.text === this.text.trim() ? search : undefined
  }

  /** What is wrong with the history, unless the user has read it. */
  get notice() {
    const { trouble } = this.told
    return trouble && trouble.message !== this.dismissed ? trouble : undefined
  }

  see(told: HistoryState): void {
    this.told = told
    if (this.#isShown) void this.#refresh()
  }

  /** The list is there from now on, or is not. */
  show(shown: boolean): void {
    this.#isShown = shown
    if (shown) void this.#refresh()
  }

  /** The user looks at the newest calls, or at others, which must stay where they are. */
  follow(follows: boolean): void {
    this.#follows = follows
    if (follows) void this.#refresh()
  }

  setText(text: string): void {
    this.text = text
    clearTimeout(this.#typing)
    this.#typing = setTimeout(() => void this.#restart(), TYPING_MS)
  }

  setTarget(target: string | undefined): void {
    this.target = target
    void this.#restart()
  }

  setExtension(extension: string | undefined): void {
    this.extension = extension
    void this.#restart()
  }

  /** Searches in outputs as well, or only in what was called. */
  setInBodies(inBodies: boolean): void {
    this.inBodies = inBodies
    void this.#restart()
  }

  stopSearch(): void {
    void this.#act(() => this.#shell.ask("history_search_stop", {}))
  }

  /** Pulls rows that are older than those that are held. */
  async older(): Promise<void> {
    const last = this.held.rows.at(-1)
    if (!this.held.older || last === undefined) return
    if (this.inBodies) return this.#pullFound()
    await this.#pull({ kind: "before", row: last.row }, withOlder)
  }

  /** Pulls rows that are newer than those that are held. */
  async newer(): Promise<void> {
    const first = this.held.rows[0]
    if (!this.held.newer || first === undefined || this.inBodies) return
    await this.#pull({ kind: "after", row: first.row }, withNewer)
  }

  /** Goes to the newest calls or the oldest ones. */
  async goTo(end: "newest" | "oldest"): Promise<void> {
    if (this.inBodies) return
    this.#follows = end === "newest"
    await this.#pull({ kind: end }, (_, rows, more) =>
      end === "newest" ? { rows, newer: false, older: more } : { rows, newer: more, older: false },
    )
  }

  async open({ row }: HistoryRow): Promise<void> {
    await this.#act(async () => this.#showCall(await this.#shell.ask("history_open", { row })))
  }

  async pin({ row, pinned }: HistoryRow): Promise<void> {
    await this.#act(() => this.#shell.ask("history_pin", { row, pinned: !pinned }))
    await this.#again()
  }

  async remove({ row }: HistoryRow): Promise<void> {
    await this.#act(() => this.#shell.ask("history_delete", { rows: [row] }))
    await this.#again()
  }

  async clear(): Promise<void> {
    await this.#act(() => this.#shell.ask("history_clear", {}))
    await this.#restart()
  }

  /** Copies a call, which has to be in the timeline for that. */
  async copyAs({ row }: HistoryRow, as: CopyAs): Promise<void> {
    await this.#act(async () => this.#actions.copyAs(await this.#shell.ask("history_open", { row }), as))
  }

  async #restart(): Promise<void> {
    this.#follows = true
    this.held = NOTHING
    if (!this.inBodies || this.text.trim() === "") {
      if (this.told.search?.state === "running") this.stopSearch()
      return this.#first()
    }
    this.#asked += 1
    const { filter } = this
    await this.#act(() => this.#shell.ask("history_search", { filter, text: this.text.trim() }))
  }

  /** What is held may have changed: rows came, went, or are pinned now. */
  async #refresh(): Promise<void> {
    const { search } = this
    if (search !== undefined) {
      if (this.held.rows.length < Math.min(search.found, PAGE)) await this.#pullFound()
      return
    }
    if (!this.told.available || this.told.revision === this.#shownRevision || !this.#follows) return
    await this.#first()
  }

  /** Pulls the rows that are held again, where they are. */
  async #again(): Promise<void> {
    const first = this.held.rows[0]
    if (this.#follows || first === undefined || this.inBodies) return this.#first()
    const { newer } = this.held
    await this.#pull({ kind: "before", row: first.row + 1 }, (_, rows, more) => ({
      rows,
      newer,
      older: more,
    }))
  }

  async #first(): Promise<void> {
    if (this.inBodies && this.text.trim() !== "") {
      this.held = NOTHING
      return this.#pullFound()
    }
    this.#shownRevision = this.told.revision
    await this.#pull({ kind: "newest" }, (_, rows, more) => ({ rows, newer: false, older: more }))
    await this.#act(async () => {
      const { targets, extensions } = await this.#shell.ask("history_names", {})
      this.targets = targets
      this.extensions = extensions
    })
  }

  async #pull(
    from: HistoryFrom,
    put: (held: Held, rows: readonly HistoryRow[], more: boolean) => Held,
  ): Promise<void> {
    const asked = (this.#asked += 1)
    await this.#act(async () => {
      const list = await this.#shell.ask("history_list", { filter: this.filter, from, count: PAGE })
      if (asked !== this.#asked) return
      this.calls = list.calls
      this.held = put(this.held, list.rows, list.more)
    })
  }

  async #pullFound(): Promise<void> {
    if (this.#isPulling) return
    this.#isPulling = true
    const asked = this.#asked
    await this.#act(async () => {
      const args = { from: this.held.rows.length, count: PAGE }
      const list: HistoryList = await this.#shell.ask("history_found", args)
      if (asked === this.#asked && this.inBodies) {
        this.held = { rows: [...this.held.rows, ...list.rows], newer: false, older: list.more }
      }
    })
    this.#isPulling = false
  }

  async #act(act: () => Promise<unknown>): Promise<void> {
    try {
      await act()
      this.trouble = undefined
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }
}
