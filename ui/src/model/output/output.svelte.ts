import type { BodyKind } from "../../ipc/generated/BodyKind"
import type { Error as ShellError } from "../../ipc/generated/Error"
import type { Fold } from "../../ipc/generated/Fold"
import type { Summary } from "../../ipc/generated/Summary"
import type { View } from "../../ipc/generated/View"
import { trouble, type Shell } from "../../ipc/shell"
import { AUTOMATIC, hasCharset, isDecoded } from "./charsets"
import { isDecodedBody } from "./formats"
import { Lines, type Place } from "./lines.svelte"
import { isLive } from "../timeline/outcome"
import { Preview } from "./preview.svelte"
import { Rate } from "./rate"
import {
  bytesOf,
  isJsonView,
  isLines,
  shownView,
  totalOf,
  usualView,
  type Chosen,
  type LinesView,
  type SearchedView,
} from "./views"

/** Which view of the selected Call's output is shown, and how fast it grows. */
export class Output {
  lines: Lines
  row = $state.raw<Summary>()
  /** Lines a second of a command, bytes a second of a body. */
  perSecond = $state<number>()
  /** What an open search makes of the view: lines, or only those that it found. */
  over = $state<"lines" | "hits">()
  hits = $state(0)
  /** Counts searches: each finds other rows. */
  edition = $state(0)

  /** Only what a path selects in a JSON body is shown. */
  filtered = $state(false)
  /** Counts results of filters: each has other rows. */
  filterEdition = $state(0)

  /** Counts filters of the log: each has other rows. */
  logEdition = $state(0)

  /** What was chosen for commands, and for each kind of body. It lasts as long as the window. */
  #run = $state<Chosen>("both")
  #terminal = $state<Chosen>("terminal")
  #streams = $state<LinesView>("both")
  #bodies = $state.raw<Partial<Record<BodyKind, Chosen>>>({})
  /** A body that says that it is JSON and not even begins like it: shown as it came. */
  #unpretty = $state.raw<{ id: number; problem: ShellError | undefined }>()

  /** What is chosen for the selected Call. */
  chosen = $derived<Chosen>(
    this.row?.http
      ? (this.#bodies[this.row.body ?? "text"] ?? usualView(this.row.body))
      : this.row?.terminal
        ? this.#terminal
        : this.#run,
  )
  linesView = $derived<LinesView>(this.row?.http || this.row?.terminal ? "stdout" : this.#streams)
  /** What is shown while no search is open. */
  #base = $derived.by<View>(() => {
    if (this.row === undefined) return this.linesView
    const view = shownView(this.row, this.chosen, this.#streams === "stderr")
    if (view !== "pretty") return view
    if (this.#unpretty?.id === this.row.id) return "stdout"
    return this.filtered ? "filtered" : "pretty"
  })
  /** What a search looks through. */
  searchedView = $derived<SearchedView>(
    isJsonView(this.#base) || this.#base === "log" ? this.#base : this.linesView,
  )
  view = $derived.by<View>(() => {
    if (this.over === "hits") return "hits"
    return this.over === "lines" ? this.searchedView : this.#base
  })
  /** The body is shown as a picture or a page, and its rows are behind that. */
  previewed = $derived(this.over === undefined && this.row?.http === true && this.chosen === "preview")
  /** A terminal is shown as it is drawn, and its rows are behind that. */
  drawn = $derived(this.over === undefined && this.row?.terminal === true && this.chosen === "terminal")
  /** What the segments mark: what is shown, which is not always what is chosen. */
  shown = $derived<Chosen>(
    this.previewed || this.drawn
      ? this.chosen
      : this.view === "hex_stderr"
        ? "hex"
        : chosenOf(this.view === "hits" ? this.searchedView : this.view),
  )
  /** Why the body is not what it says, where it is shown at all. */
  problem = $derived.by<ShellError | undefined>(() => {
    if (this.#unpretty?.id === this.row?.id && this.chosen === "pretty") return this.#unpretty?.problem
    return this.lines.problem
  })

  preview: Preview
  #rate = new Rate()
  #shell: Shell
  #ansi: () => boolean
  #places = new Map<View, Place>()

  constructor(shell: Shell, ansi: () => boolean = () => true) {
    this.#shell = shell
    this.#ansi = ansi
    this.preview = new Preview(shell)
    this.lines = new Lines(
      ({ id, view, ansi }, from, count) => shell.ask("lines", { id, view, from, count, ansi }),
      () => this.#told(),
    )
  }

  /** Tells how the row of the selected Call is. */
  see(row: Summary | undefined): void {
    if (row?.id !== this.row?.id || formOf(row) !== formOf(this.row)) this.#places.clear()
    if (row?.id !== this.row?.id) {
      this.#rate.clear()
      this.perSecond = undefined
    }
    this.row = row
    this.show()
    if (row === undefined) return
    const grown = row.http ? row.counts.stdout.bytes : totalOf(row, this.linesView, 0)
    this.#rate.add(performance.now(), grown ?? 0)
    this.perSecond = isLive(row.outcome) ? this.#rate.perSecond() : undefined
  }

  choose(chosen: Chosen): void {
    if (this.row === undefined) return
    if (this.row.http) {
      this.#bodies = { ...this.#bodies, [this.row.body ?? "text"]: chosen }
    } else if (this.row.terminal) {
      this.#terminal = chosen
    } else {
      this.#run = chosen
      if (isLines(chosen) && chosen !== this.#streams) {
        this.#streams = chosen
        this.#rate.clear()
      }
    }
    this.show()
  }

  /** Shows terminals as they are drawn. */
  drawTerminals(): void {
    this.#terminal = "terminal"
  }

  /** Folds or unfolds indented JSON at the line with this number. */
  async fold(line: number, fold: Fold): Promise<void> {
    const id = this.row?.id
    if (id === undefined) return
    try {
      const view = this.searchedView
      await this.#shell.ask("fold", { id, view, line, fold })
      if (this.row?.id !== id || this.view !== view) return
      // All of it looks otherwise: its beginning is where one finds one's way again.
      if (fold === "close_inside" || fold === "open_inside") this.lines.scrollTo(0)
      this.lines.again(true)
    } catch (thrown) {
      this.lines.trouble = trouble(thrown)
    }
  }

  /** Shows only what a path selected, or all of the body. */
  showFiltered(filtered: boolean): void {
    this.filtered = filtered
    this.filterEdition += 1
    this.#places.delete("filtered")
    this.show()
  }

  /** Shows the text in this charset, or in the one that is found. */
  async setCharset(value: string): Promise<void> {
    const id = this.row?.id
    if (id === undefined) return
    try {
      await this.#shell.ask("set_charset", { id, charset: value === AUTOMATIC ? null : value })
    } catch (thrown) {
      this.lines.trouble = trouble(thrown)
    }
  }

  /** Shows the body as sent, or decoded. */
  async setAsSent(asSent: boolean): Promise<void> {
    const id = this.row?.id
    if (id === undefined) return
    try {
      await this.#shell.ask("set_as_sent", { id, sent: asSent })
    } catch (thrown) {
      this.lines.trouble = trouble(thrown)
    }
  }

  /** Shows the body in this format, or in the one that is found, and in the view that is usual for it. */
  async setFormat(value: BodyKind | typeof AUTOMATIC): Promise<void> {
    const id = this.row?.id
    if (id === undefined) return
    const kind = value === AUTOMATIC ? null : value
    if (kind !== null) this.#bodies = { ...this.#bodies, [kind]: usualView(kind) }
    try {
      await this.#shell.ask("set_body_kind", { id, kind })
    } catch (thrown) {
      this.lines.trouble = trouble(thrown)
    }
  }

  /** Looks at what is to be looked at now, from where it was left. */
  show(): void {
    const row = this.row
    const before = this.lines.look
    if (row === undefined || this.drawn) return this.lines.see(undefined)
    this.preview.see(row, this.previewed, formOf(row))
    const live = isLive(row.outcome)
    const view = this.view
    const moved = before?.id === row.id && before.view !== view
    if (moved) this.#places.set(before.view, this.lines.place())
    const look = {
      id: row.id,
      view,
      edition: this.#editionOf(view),
      live,
      ansi: this.#ansi(),
      form: hasCharset(view) ? formOf(row) : formOf({ ...row, charset: undefined }),
      bytes: bytesOf(row, view),
      // Of a text that is decoded only the answer can tell.
      total:
        view !== "hits" && (isDecodedBody(row) || (hasCharset(view) && isDecoded(row.charset)))
          ? undefined
          : totalOf(row, view, this.hits),
    }
    // A finished body is read from its beginning, like a file; a command's end tells how it went.
    // What was found is read from its beginning, unless what comes is followed.
    const follow = view === "hits" ? live && this.lines.following : live || !row.http
    this.lines.see(look, follow, moved ? this.#places.get(view) : undefined)
    if (view === "hits") this.#places.delete("hits")
  }

  #editionOf(view: View): number {
    if (view === "hits") return this.edition
    if (view === "log") return this.logEdition
    return view === "filtered" ? this.filterEdition : 0
  }

  /** Shows the log by another filter. */
  showLog(): void {
    this.logEdition += 1
    this.#places.delete("log")
    this.show()
  }

  #told(): void {
    const { row, lines } = this
    if (row === undefined || !isJsonView(this.view)) return
    const failed = lines.trouble?.code === "not_json" ? (lines.trouble as ShellError) : undefined
    if (failed === undefined && (lines.problem === undefined || lines.total > 0)) return
    this.#unpretty = { id: row.id, problem: failed ?? lines.problem }
    this.show()
  }
}

function chosenOf(view: Exclude<View, "hex_stderr" | "hits">): Chosen {
  return view === "filtered" ? "pretty" : view
}

/** What rows are made of: in another form they are other rows. */
export function formOf(row: Summary | undefined): string {
  return `${row?.charset?.name} ${row?.body} ${row !== undefined && isDecodedBody(row)}`
}
