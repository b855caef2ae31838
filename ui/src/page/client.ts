/**
 * The first script of an extension's page: it puts `ddClient` there, and tells the window what the
 * page prints. It runs in the page's own world, before any code of the page: what it needs later it
 * takes now, and the port is known to nothing but `Port`.
 */
import { consoleProxy } from "../bridge/console-proxy"
import { PrintQueue } from "../bridge/print-queue"
import { serialize } from "../bridge/serialize"
import { createDdClient } from "../sdk/client"
import type { SdkFacts } from "../sdk/facts"
import type { ToSdk } from "../sdk/messages"
import { placeIn, placer } from "../sdk/place"
import { Port } from "../sdk/port"
import { portTransport } from "../sdk/transport"
import { Blank } from "./blank"
import { routesByPath } from "./routes"
import { Loading } from "./loading"
import { NeedsThemes } from "./needs-themes"
import { FRAME, HELLO, PORT, type AliveProbe, type Named, type ToPage } from "../bridge/page-messages"
import type { FromPage } from "../bridge/page-report"
import { shield } from "./shield"
import { THEME_GLOBALS, themes } from "./themes"

/** The longest stack that is told: the frames that matter are first. */
const LONGEST_STACK = 4_000

const script = document.currentScript as HTMLScriptElement | null
const written = script?.dataset.facts
/** What stacks call this script: one that the web view runs has no address of its own. */
const own = script?.src ?? placeIn(String(new Error().stack), "", "")?.replace(/(:\d+){2}$/, "") ?? ""
script?.remove()

// A frame within the page has no `ddClient`, as it has none in a desktop application.
if (parent === top && parent !== self) {
  const facts = written === undefined ? named() : (JSON.parse(written) as SdkFacts)
  if (facts) start(facts)
}

/** The facts in the frame's name. The page has its own name in its place, which is empty as usual. */
function named(): SdkFacts | undefined {
  const { name } = self
  if (!name.startsWith(FRAME)) return undefined
  const { origin, facts } = JSON.parse(name.slice(FRAME.length)) as Named
  if (location.origin !== origin) return undefined
  let theirs = ""
  Object.defineProperty(self, "name", {
    get: () => theirs,
    set: (to) => void (theirs = String(to)),
    configurable: true,
    enumerable: true,
  })
  return facts
}

function start(facts: SdkFacts): void {
  let send: ((text: string) => void) | undefined
  /** What was said before the port came. `Port` lets no more through than there is room for. */
  let early: string[] = []
  const port = new Port((text) => (send ? send(text) : early.push(text)))
  const { origin } = location
  const place = placer((stack) => placeIn(stack, own, origin))
  const transport = portTransport(port, facts.runtime, undefined, place)
  const told = shield()
  const { apply } = Reflect
  const stop = Event.prototype.stopImmediatePropagation
  const dataOf = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "data")!.get!

  addEventListener("message", function take(event) {
    if (send || !event.isTrusted || event.source !== parent || event.data !== PORT) return
    apply(stop, event, [])
    removeEventListener("message", take)
    const [theirs] = event.ports
    if (!theirs) return
    theirs.onmessage = (event) => {
      apply(stop, event, [])
      const message = apply(dataOf, event, []) as ToSdk | ToPage | AliveProbe
      if (message.kind === "keys" || message.kind === "shown") told(message)
      else if (message.kind === "alive") event.ports[0]?.postMessage(true)
      else transport.take(message)
    }
    const post = theirs.postMessage.bind(theirs)
    send = (text) => post(text)
    early.forEach(send)
    early = []
  })

  Object.defineProperty(self, "ddClient", {
    value: createDdClient(transport, facts),
    writable: true,
    configurable: true,
    enumerable: true,
  })
  const hasThemes = facts.runtime === "docker-desktop"
  if (hasThemes) for (const name of THEME_GLOBALS) Object.assign(self, { [name]: themes() })
  tell(port, new PrintQueue(port, performance.now.bind(performance)), hasThemes)
  // Anyone who holds the frame is the window: its origin has another name on each system.
  parent.postMessage(HELLO, "*")
}

/** Tells the window what the page prints, what nobody catches, and what doesn't load. */
function tell(port: Port, printQueue: PrintQueue, hasThemes: boolean): void {
  const own = location.origin
  const stack = (text: string): string => text.replaceAll(`${own}/`, "").slice(0, LONGEST_STACK)
  tellPrints(port, printQueue, stack)
  explainDialogues(printQueue)
  tellThrown(printQueue, stack, tellLoading(port, printQueue, hasThemes))
}

/**
 * Has what the page prints told, and printed as before. What finds no room isn't printed either: each line costs the
 * thread more than the page's loop does.
 */
function tellPrints(port: Port, printQueue: PrintQueue, stack: (text: string) => string): void {
  const told = consoleProxy(
    (level, values) => printQueue.print({ kind: "print", level, values }),
    stack,
    performance.now.bind(performance),
    () => printQueue.wanted(),
  )
  for (const name of Object.keys(told) as (keyof Console)[]) {
    const before = console[name] as (...args: unknown[]) => unknown
    const also = told[name] as (...args: unknown[]) => unknown
    if (typeof before !== "function") continue
    Object.assign(console, {
      [name]: (...args: unknown[]) => {
        const shows = port.open
        also(...args)
        return shows ? before.apply(console, args) : undefined
      },
    })
  }
}

/** A dialogue would hold up the window: the frame lets none be shown, and says so to nobody. */
function explainDialogues(printQueue: PrintQueue): void {
  const warn = (text: string) =>
    printQueue.print({ kind: "print", level: "warn", values: [{ kind: "text", text, cut: 0 }] })
  for (const name of ["alert", "confirm", "prompt"] as const) {
    const before = self[name] as (text?: unknown) => unknown
    const also = (text?: unknown): unknown => {
      warn(`${name}() shows nothing here and returns as if it was dismissed.`)
      return before.call(self, text)
    }
    Object.assign(self, { [name]: also })
  }
}

/** Whether the page stays blank, and what it asked for and didn't get. Returns what takes the errors of the page. */
function tellLoading(port: Port, printQueue: PrintQueue, hasThemes: boolean): (error: unknown) => void {
  const needs = hasThemes
    ? undefined
    : new NeedsThemes(() => port.force({ kind: "themes" } satisfies FromPage))
  let routes = false
  const blank = new Blank(
    (blank) => port.force({ kind: "blank", blank } satisfies FromPage),
    (blank) => {
      loading.look()
      if (!blank) return
      needs?.blank()
      if (!routes && (routes = routesByPath(history.state, location)))
        port.force({ kind: "routes" } satisfies FromPage)
    },
  )
  const loading = new Loading((what) => {
    printQueue.print(what)
    blank.failed()
  })
  return (error) => {
    blank.failed()
    needs?.see(error)
  }
}

function tellThrown(
  printQueue: PrintQueue,
  stack: (text: string) => string,
  thrown: (error: unknown) => void,
): void {
  const place = (line: number, column: number) => (line > 0 ? { line, column } : {})
  addEventListener("error", (event) => {
    if (!(event instanceof ErrorEvent)) return
    thrown(event.error)
    if (!printQueue.wanted()) return
    const error = serialize(event.error ?? event.message, stack)
    printQueue.print({ kind: "uncaught", error, promise: false, ...place(event.lineno, event.colno) })
  })
  addEventListener("unhandledrejection", ({ reason }) => {
    thrown(reason)
    if (!printQueue.wanted()) return
    printQueue.print({ kind: "uncaught", error: serialize(reason, stack), promise: true })
  })
}
