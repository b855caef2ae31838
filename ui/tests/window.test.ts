import { expect, test } from "vitest"
import { Settings } from "../src/model/settings/settings.svelte"
import { permissionsInWords } from "../src/model/permission/words"
import { Layout, BAR } from "../src/model/window/layout.svelte"
import { matching, Palette, type Entry } from "../src/model/window/palette.svelte"
import { keyOf, titleOf, whenUsed, withOpened } from "../src/model/window/recent"
import { intentOf, keysFor, SHORTCUTS } from "../src/model/window/shortcuts"
import { nextZoom } from "../src/views/window/acts"
import { Background, type Message } from "../src/model/window/background"
import { FakeShell, summary } from "./fake"

type Tab = "request" | "command" | "console" | "page"

function layout(width = 1440, height = 900) {
  let tab: Tab = "request"
  const settings = new Settings(new FakeShell({ save_settings: async () => {} }))
  const of = new Layout(settings, () => tab)
  Object.assign(of, { width, height })
  return { of, settings, show: (now: Tab) => (tab = now) }
}

test("shares are kept per composer tab and hold for a window of another size", () => {
  const { of, show } = layout()
  of.setComposer(600)
  expect(of.composer).toBe(600)
  show("page")
  const page = of.composer
  expect(page).toBeGreaterThan(600)
  of.setComposer(700)
  show("request")
  expect(of.composer).toBe(600)
  of.width = 1920
  expect(of.composer).toBeGreaterThan(750)
  of.width = 1440
  expect(of.composer).toBe(600)
})

test("sizes are clamped when they are drawn, and not forgotten", () => {
  const { of } = layout()
  of.setBottom(600)
  of.height = 500
  expect(of.bottom).toBe(500 - 70 - 200)
  of.height = 900
  expect(of.bottom).toBe(600)
  of.setComposer(5000)
  expect(of.composer).toBe(of.composerRange.max)
  of.width = 1120
  expect(of.width - of.side - of.composer).toBeGreaterThanOrEqual(300)
})

test("the side bar grows with the window until its width is set, and again when it is set back", () => {
  const { of, settings } = layout()
  const usual = [1100, 1440, 1920, 2560, 5120].map((width) => {
    of.width = width
    return of.side
  })
  expect(usual).toEqual([212, 212, 308, 320, 320])
  of.width = 1920
  of.setSide(230)
  expect([of.side, settings.splits.side]).toEqual([230, 230])
  of.width = 1440
  expect(of.side).toBe(230)
  of.setSide(of.usualSide)
  expect(settings.splits.side).toBeUndefined()
  of.width = 1920
  expect(of.side).toBe(308)
})

test("the bottom panel collapses to its bar, comes back as it was, and is shown when it is maximized", () => {
  const { of } = layout()
  const before = of.bottom
  expect(of.toggleBottom()).toBe(false)
  expect(of.bottom).toBe(BAR)
  of.toggle("bottom")
  expect(of.collapsed).toBe(false)
  of.toggle("bottom")
  expect(of.toggleBottom()).toBe(true)
  expect(of.bottom).toBe(before)
})

test("maximizing a pane takes the place of the one before", () => {
  const { of } = layout()
  of.toggle("detail")
  of.toggle("composer")
  expect([of.shows("composer"), of.shows("detail"), of.shows("bottom")]).toEqual([true, false, false])
  of.toggle("composer")
  expect(of.shows("detail")).toBe(true)
})

test("presentation mode has no side bar, and a narrow window neither", () => {
  const { of } = layout()
  expect(of.hasSide).toBe(true)
  of.presenting = true
  expect(of.hasSide).toBe(false)
  of.presenting = false
  of.width = 900
  expect(of.hasSide).toBe(false)
})

const entry = (group: Entry["group"], text: string, verb?: string): Entry => ({
  id: `${group} ${text}`,
  group,
  text,
  choose: () => {},
  ...(verb === undefined ? {} : { verb }),
})

const ENTRIES = [
  entry("Saved", "clone volume", "POST"),
  entry("Calls", "/volumes/clone", "POST"),
  entry("Calls", "/hello", "GET"),
  entry("Actions", "Clear the timeline"),
]

test("the palette finds what is typed with letters left out, and by its method", () => {
  const found = (text: string) => matching(ENTRIES, text).map(({ text }) => text)
  expect(found("clnvol")).toContain("clone volume")
  expect(found("GET hel")).toEqual(["/hello"])
  expect(found("clear")[0]).toBe("Clear the timeline")
  expect(found("qqq")).toEqual([])
  expect(found("  ")).toHaveLength(4)
})

test("entries of a group stay together, whatever their order is", () => {
  const groups = matching(ENTRIES, "clo").map(({ group }) => group)
  expect(new Set(groups).size).toBe(groups.filter((group, at) => group !== groups[at - 1]).length)
})

test("the arrows go around the ends, and typing begins at the first", () => {
  const palette = new Palette(() => ENTRIES)
  palette.move(-1)
  expect(palette.at).toBe(3)
  palette.move(1)
  expect(palette.at).toBe(0)
  palette.move(2)
  palette.type("hello")
  expect(palette.at).toBe(0)
  palette.type("nothing like this")
  palette.move(1)
  expect(palette.at).toBe(0)
})

const extension = (what: string) => ({ kind: "extension" as const, what })

test("recent targets are listed once, the last one first, and at most eight", () => {
  let recent = withOpened([], extension("/a"), 1)
  recent = withOpened(recent, extension("/b"), 2)
  recent = withOpened(recent, extension("/a"), 3)
  expect(recent.map(({ opened, used_ms }) => [titleOf(opened), used_ms])).toEqual([
    ["/a", 3],
    ["/b", 2],
  ])
  for (let at = 0; at < 20; at += 1) recent = withOpened(recent, extension(`/${at}`), at)
  expect(recent).toHaveLength(8)
  const target = { name: "n", endpoint: "unix:///s", host: { env: [] } }
  expect(keyOf({ kind: "target", target })).not.toBe(
    keyOf({ kind: "target", target: { ...target, container: "c" } }),
  )
})

test("when something was used is said as people say it", () => {
  const now = new Date(2026, 10, 29, 12)
  const at = (...args: [number, number, number, number]) => whenUsed(new Date(...args).getTime(), now)
  expect(at(2026, 10, 29, 9)).toMatch(/9/)
  expect(at(2026, 10, 28, 23)).toBe("yesterday")
  expect(at(2026, 10, 25, 9)).toBe(new Date(2026, 10, 25).toLocaleDateString([], { weekday: "long" }))
  expect(at(2025, 0, 2, 9)).toContain("2025")
})

const pressed = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false }

test("each shortcut is reached by its own keys, and no two mean the same", () => {
  for (const { intent, held, keys } of SHORTCUTS) {
    for (const key of keys) {
      const event = {
        ...pressed,
        key,
        code: /^\d$/.test(key) ? `Digit${key}` : key,
        ctrlKey: held.includes("mod"),
        shiftKey: held.includes("Shift"),
        altKey: held.includes("Alt"),
      }
      expect(intentOf(event), `${held.join("+")}+${key}`).toBe(intent)
    }
  }
})

test("a letter alone is typed, and Alt with a digit counts on a keyboard that writes another character", () => {
  for (const key of ["k", "s", "1", "Enter", "0"]) expect(intentOf({ ...pressed, key })).toBeUndefined()
  expect(intentOf({ ...pressed, altKey: true, key: "¡", code: "Digit1" })).toBe("detail-1")
  expect(keysFor("again", "Ctrl")).toBe("Ctrl Shift Enter")
  expect(keysFor("zoom-in", "⌘")).toBe("⌘ +")
})

test("zoom goes by the steps of browsers, and ends at the ends", () => {
  expect([nextZoom(100, 1), nextZoom(100, -1), nextZoom(300, 1), nextZoom(50, -1), nextZoom(103, 1)]).toEqual(
    [110, 90, 300, 50, 110],
  )
})

test("the button of the permissions says what asks and what is only recorded", () => {
  const all = { service: "allow", container: "allow", host: "allow", docker: "allow" } as const
  expect(permissionsInWords(all)).toBe("all allowed")
  expect(permissionsInWords({ ...all, host: "ask", docker: "record" })).toBe("ask for host; record docker")
  const recorded = { service: "record", container: "record", host: "record", docker: "record" } as const
  expect(permissionsInWords(recorded)).toBe("record only")
})

test("what ran for more than ten seconds is told of when it ends in the background, and nothing else", () => {
  const told: Message[] = []
  let seen = false
  const background = new Background(
    (message) => told.push(message),
    () => seen,
  )
  const running = { outcome: { kind: "running" } } as const
  const long = { tookUs: 11_000_000 }
  // One of an earlier start, one that is short, one that is looked at.
  background.see([summary(1, long), summary(2, running), summary(3, running)])
  background.see([summary(2, { tookUs: 9_000_000 })])
  seen = true
  background.see([summary(3, long)])
  expect(told).toEqual([])
  seen = false
  background.see([summary(4, running)])
  background.see([summary(4, { ...long, text: "/backup", http: false })])
  background.see([summary(4, { ...long, text: "/backup", http: false })])
  expect(told).toEqual([{ title: expect.stringContaining("11"), body: "/backup" }])
})
