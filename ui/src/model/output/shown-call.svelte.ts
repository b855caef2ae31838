import type { Summary } from "../../ipc/generated/Summary"
import type { Shell } from "../../ipc/shell"
import { Detail } from "../detail/detail.svelte"
import type { Settings } from "../settings/settings.svelte"
import { Copying } from "./copying.svelte"
import { GoTo } from "./go-to.svelte"
import { JsonMenu } from "./json-menu.svelte"
import { LinkOpener } from "./link-opener.svelte"
import { LogFilter } from "./log-filter.svelte"
import { MarkedRows } from "./marked-rows.svelte"
import { Output } from "./output.svelte"
import { PathFilter } from "./path-filter.svelte"
import { Saving } from "./saving.svelte"
import { Search } from "./search.svelte"
import { isLines, type Chosen } from "./views"

/** What is shown of the selected call, and what is done with its output. */
export class ShownCall {
  detail: Detail
  output: Output
  search: Search
  pathFilter: PathFilter
  jsonMenu: JsonMenu
  logFilter: LogFilter
  links: LinkOpener
  goTo: GoTo
  marks = new MarkedRows()
  copying: Copying
  saving: Saving

  /** What the marked rows are rows of. */
  #marked = ""

  /** `put`: puts a text on the clipboard. */
  constructor(shell: Shell, put: (text: string) => Promise<void>, settings: Settings) {
    this.detail = new Detail(shell, () => settings.runtime)
    this.output = new Output(shell, () => settings.reading.ansi)
    this.search = new Search(shell, this.output)
    this.goTo = new GoTo(shell, this.output)
    this.pathFilter = new PathFilter(shell, this.output, () => this.#lookAtRows())
    this.copying = new Copying(shell, this.output, put)
    this.jsonMenu = new JsonMenu(shell, this.output, this.copying, this.pathFilter)
    this.logFilter = new LogFilter(shell, this.output, () => this.#lookAtRows())
    this.links = new LinkOpener(shell, this.copying)
    this.saving = new Saving(shell, this.output, this.marks)
  }

  /** Chooses a view. One that has no lines to search closes the search. */
  choose(chosen: Chosen): void {
    if (!isLines(chosen) && chosen !== "pretty" && chosen !== "log") this.search.close()
    else if (this.search.only) this.search.showOnly(false)
    this.output.choose(chosen)
    this.logFilter.look()
    this.#lookAtRows()
  }

  /** Folds or unfolds: rows are other rows then. */
  fold(...args: Parameters<Output["fold"]>): void {
    this.marks.clear()
    void this.output.fold(...args)
  }

  /** The selected call is another one, or there is more of it. */
  protected look(id: number | undefined, row: Summary | undefined): void {
    this.detail.look(id, row)
    this.output.see(row)
    this.pathFilter.look()
    this.logFilter.look()
    this.#lookAtRows()
  }

  /** Other rows are shown, or may be. */
  #lookAtRows(): void {
    this.search.look()
    this.#unmark()
  }

  /** Marks are of rows of one view of one Call. */
  #unmark(): void {
    const { row, view } = this.output
    const of = `${row?.id} ${view} ${this.output.lines.look?.edition}`
    if (of === this.#marked) return
    this.#marked = of
    this.marks.clear()
    this.copying.trouble = undefined
  }
}
