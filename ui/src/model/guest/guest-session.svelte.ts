import { Calls, type Call } from "../../bridge/calls"
import { Log } from "./log"
import type { FromConsole } from "../../bridge/messages"
import { mapPositions, mapText, originalPosition } from "./source-map"
import type { SerializedValue } from "../../bridge/serialized"
import type { Compiled } from "../../language/compiled"
import type { Entry } from "./entry"
import type { Origin } from "../../ipc/generated/Origin"
import type { Runtime } from "../../ipc/generated/Runtime"
import type { Shell } from "../../ipc/shell"
import type { ToSdk } from "../../sdk/messages"
import { many } from "../text/numbers"
import { explainsMore, MOST_UNLOADED, others, type Described, type Reason } from "../page/loading"

/** A file dialog that the code asked the desktop for. */
export interface Dialog {
  title: string
  /** What the code gave, as JSON. */
  properties: string
}

/** Who is heard. */
export interface Guest {
  runtime: Runtime
  origin: Origin
  post: (message: ToSdk) => void
  /** Where the code's lines were typed. */
  place: Compiled["place"]
}

/** Why a page may show nothing: what was thrown, or what it didn't get. */
export interface Problem {
  summary: string
  detail: string
  fix: string
}

/** This many of them are shown where the page would be. */
const MOST_PROBLEMS = 3
const LONGEST_PROBLEM = 300

/** This many dialogs may wait for the one that is open. */
const MOST_DIALOGS = 20

/** One speaker's calls, from its begin to its end. */
interface ActiveGuest extends Guest {
  calls: Calls
  /** The entry of each call, by the code's number for it. */
  entries: Map<number, number>
  /** The entry that counts what was dropped. */
  droppedEntry?: number
  /** What wasn't loaded, by its address. */
  unloaded: Map<string, { n: number; reason: Reason }>
  /** The entry that counts what has none of its own, and what it counts. */
  unloadedOthers?: { n: number; times: number }
}

/** What code says, of the console or of a page: its entries, its calls, what it waits for. */
export class GuestSession {
  /** The last ones; `dropped` counts those before them. */
  entries = $state.raw<readonly Entry[]>([])
  dropped = $state(0)
  dialog = $state.raw<Dialog>()
  /** The first things that went wrong since it began. */
  problems = $state.raw<readonly Problem[]>([])

  #shell: Shell
  #active: ActiveGuest | undefined
  /** Resolves when the pending calls of those before are withdrawn. */
  #withdrawn: Promise<unknown> = Promise.resolve()
  #dialogs: { id: number; dialog: Dialog }[] = []
  #log = new Log((entries, dropped) => {
    this.entries = entries
    this.dropped = dropped
  })

  constructor(shell: Shell) {
    this.#shell = shell
  }

  /** Listens to this one, and to nobody else any more. */
  begin(guest: Guest): void {
    this.end()
    this.#active = this.#activate(guest)
    this.problems = []
  }

  /** Forgets all entries and counts anew. */
  anew(): void {
    this.#log.begin()
  }

  clear(): void {
    this.#log.clear()
  }

  add(what: Entry["what"]): void {
    this.#log.add(what)
  }

  told(message: FromConsole, chars: number): void {
    const active = this.#active
    if (!active) return
    switch (message.kind) {
      case "call":
        return active.calls.ask(mapCall(message, active), chars)
      case "close":
        return active.calls.close(message.id)
      case "ack":
        return active.calls.ack(message.id)
      case "dialog":
        return this.#askForFiles(message.id, message.properties)
      case "print":
        this.#log.add({
          ...message,
          values: message.values.map((value) => mapPositions(value, active.place)),
        })
        return
      case "result":
        this.#log.add({ ...message, value: mapPositions(message.value, active.place) })
        return
      case "uncaught": {
        const { error, promise, line, column } = message
        const at = originalPosition(line, column, active.place)
        this.#log.add({ kind: "uncaught", error: mapPositions(error, active.place), promise, ...at })
        this.#problem({
          summary: `Uncaught ${textOf(error)}`,
          detail: "",
          fix: "Fix the error. Its stack trace is in the log.",
        })
        return
      }
      case "problem":
        this.#log.add({
          kind: "problem",
          text: message.text,
          ...originalPosition(message.line, message.column, active.place),
        })
        return
      case "dropped":
        return this.#tellDropped(active, message.count)
      case "over":
      // Only a page says these, and a caller that shows it knows what to do with them.
      case "unloaded":
      case "blank":
      case "themes":
      case "routes":
        return
      default:
        this.#log.add(message)
    }
  }

  /** Something wasn't loaded: one entry for each address, up to a number of them. */
  unloaded({ key, reason, entry }: Described): void {
    const active = this.#active
    if (!active) return
    const known = active.unloaded.get(key)
    if (known) {
      const more = explainsMore(reason, known.reason)
      if (more) known.reason = reason
      this.#log.change(known.n, (what) => {
        if (what.kind !== "unloaded") return what
        return more
          ? { ...entry, times: what.times }
          : { ...what, times: what.times + (reason === known.reason ? 1 : 0) }
      })
    } else if (active.unloaded.size < MOST_UNLOADED) {
      active.unloaded.set(key, { n: this.#log.add(entry), reason })
      this.#problem({
        summary: `${entry.what} not loaded: ${entry.url}`,
        detail: entry.reason,
        fix: entry.fix,
      })
    } else this.#countOthers(active, 1)
  }

  /** This many more weren't loaded. */
  unloadedMore(times: number): void {
    if (this.#active && times > 0) this.#countOthers(this.#active, times)
  }

  /** Something explains how it behaves. */
  finding(what: Extract<Entry["what"], { kind: "finding" }>): void {
    if (!this.#active) return
    this.#log.add(what)
    const { summary, detail, fix } = what
    // It says more than the error that it comes from.
    this.problems = [{ summary, detail, fix }, ...this.problems].slice(0, MOST_PROBLEMS)
  }

  #problem(problem: Problem): void {
    if (this.problems.length >= MOST_PROBLEMS) return
    this.problems = [...this.problems, { ...problem, summary: problem.summary.slice(0, LONGEST_PROBLEM) }]
  }

  #countOthers(active: ActiveGuest, more: number): void {
    const times = (active.unloadedOthers?.times ?? 0) + more
    const known = active.unloadedOthers?.n
    if (known !== undefined) this.#log.change(known, () => others(times))
    active.unloadedOthers = { n: known ?? this.#log.add(others(times)), times }
  }

  /** Whether its calls wait for others of its own: it is to send no more for now. */
  get full(): boolean {
    return this.#active?.calls.full ?? false
  }

  /** Answers the dialog: the paths chosen, or none of them. */
  answerDialog(paths?: readonly string[]): void {
    const first = this.#dialogs.shift()
    this.dialog = this.#dialogs[0]?.dialog
    if (first) this.#choose(first.id, paths)
  }

  /** Ends what it had going, and says how that came. */
  end(what?: Extract<Entry["what"], { kind: "end" }>): void {
    const active = this.#active
    active?.calls.end()
    if (active) this.#withdrawn = this.#shell.ask("withdraw", { origin: active.origin }).catch(() => {})
    for (const n of active?.entries.values() ?? [])
      this.#change(n, { refused: "Not run: the code ended first." })
    this.#active = undefined
    this.#dialogs = []
    this.dialog = undefined
    if (what) this.#log.add(what)
    this.#log.flush()
  }

  #activate(guest: Guest): ActiveGuest {
    const entries = new Map<number, number>()
    const change = (id: number, more: { id?: number; refused?: string }): void => {
      const n = entries.get(id)
      entries.delete(id)
      if (n !== undefined) this.#change(n, more)
    }
    const { runtime, origin, post } = guest
    const calls = new Calls(
      this.#shell,
      { runtime, origin, beganMs: Date.now() },
      {
        asked: ({ id, text, at }) => {
          const from = at === undefined ? {} : { at }
          entries.set(id, this.#log.add({ kind: "call", text, askedMs: Date.now(), ...from }))
        },
        performed: (call, id) => change(call.id, { id }),
        recorded: (call, id, why) => change(call.id, { id, refused: why }),
        refused: (call, why) => change(call.id, { refused: why }),
        post,
      },
      this.#withdrawn,
    )
    return { ...guest, calls, entries, unloaded: new Map() }
  }

  /** Tells what became of the call in the nth entry. */
  #change(n: number, more: { id?: number; refused?: string }): void {
    this.#log.change(n, (what) => (what.kind === "call" ? { ...what, ...more } : what))
  }

  #choose(id: number, paths?: readonly string[]): void {
    const result = { canceled: paths === undefined, filePaths: [...(paths ?? [])] }
    this.#active?.post({ kind: "chosen", id, result })
  }

  /** One entry, which counts on. */
  #tellDropped(active: ActiveGuest, count: number): void {
    const dropped = many(count, "more log entry was", "more log entries were")
    const text = `${dropped} dropped: the code logs faster than Porthole can display.`
    if (active.droppedEntry === undefined) active.droppedEntry = this.#log.add({ kind: "warning", text })
    else this.#log.change(active.droppedEntry, (what) => ({ ...what, text }) as Entry["what"])
  }

  #askForFiles(id: number, properties: string): void {
    const dialog = { title: titleIn(properties), properties }
    this.#log.add({ kind: "desktop", what: "dialog", text: dialog.title || "A file dialog" })
    if (this.#dialogs.length >= MOST_DIALOGS) return this.#choose(id)
    this.#dialogs.push({ id, dialog })
    this.dialog ??= dialog
  }
}

/** An error in one line. */
function textOf(shown: SerializedValue): string {
  if (shown.kind === "error") return `${shown.name}: ${shown.message}`
  return shown.kind === "text" || shown.kind === "plain" ? shown.text : "value"
}

/** With the place where it was typed. */
function mapCall(call: Call, { place }: Guest): Call {
  return call.at === undefined ? call : { ...call, at: mapText(call.at, place) }
}

function titleIn(properties: string): string {
  try {
    const read: unknown = JSON.parse(properties)
    const title = read !== null && typeof read === "object" && "title" in read ? read.title : undefined
    return typeof title === "string" ? title : ""
  } catch {
    return ""
  }
}
