import { beforeEach, expect, test, vi } from "vitest"
import type { Commands } from "../src/ipc/generated/Commands"
import type { Line } from "../src/ipc/generated/Line"
import type { Window } from "../src/ipc/generated/Window"
import { Lines, type LogSource, type Pull } from "../src/model/output/lines.svelte"
import { FakeShell, line, settle } from "./fake"

type Asked = Commands["lines"]["args"] & {
  answer: (most?: number) => Promise<void>
  fail: () => Promise<void>
}

let asked: Asked[]
let now: number
let lines: Lines
let written: number

/** Answers wait until a test gives them, so that what is in flight can be seen. */
const shell = new FakeShell({
  lines: (args) =>
    new Promise<Window>((done, failed) => {
      const answer = async (most = Infinity) => {
        const some = Math.max(0, Math.min(args.count, written - args.from, most))
        const window = Array.from({ length: some }, (_, i) => line(args.from + i))
        done({ from: args.from, total: written, lines: window })
        await settle()
      }
      const fail = async () => {
        failed({ code: "output_unreadable", message: "no disk" })
        await settle()
      }
      asked.push({ ...args, answer, fail })
    }),
})

const look: LogSource = { id: 1, view: "both", edition: 0, live: false, ansi: true, bytes: 0 }

function pulled(shell: FakeShell): Pull<Line, LogSource> {
  return ({ id, view, ansi }, from, count) => shell.ask("lines", { id, view, from, count, ansi })
}

function see(total: number, more: Partial<LogSource> = {}, follow = true) {
  written = total
  lines.see({ ...look, live: true, total, bytes: total * 10, ...more }, follow)
}

const drawn = () => lines.drawn.map(({ n, line }) => (line ? n : `${n}?`))
const last = () => asked.at(-1)!

beforeEach(() => {
  asked = []
  now = 0
  lines = new Lines(pulled(shell), undefined, () => now)
  lines.fit(4)
})

test("it follows: the last lines are asked for, and drawn when they are here", async () => {
  see(100)
  expect(asked).toHaveLength(1)
  expect(last().from).toBe(96)
  expect(drawn()).toEqual([])
  await last().answer()
  expect(drawn()).toEqual([96, 97, 98, 99])
  expect(lines.following).toBe(true)
})

test("one question is in flight however often counts change, and the next asks for the newest", async () => {
  see(100)
  see(5_000)
  see(9_000)
  expect(asked).toHaveLength(1)
  await last().answer()
  expect(asked).toHaveLength(2)
  expect(last().from).toBe(8_996)
  await last().answer()
  expect(drawn()).toEqual([8996, 8997, 8998, 8999])
  expect(asked).toHaveLength(2)
})

test("while an answer is awaited what was drawn stays: nothing is blank when following", async () => {
  see(100)
  await last().answer()
  see(200)
  expect(drawn()).toEqual([96, 97, 98, 99])
  await last().answer()
  expect(drawn()).toEqual([196, 197, 198, 199])
})

test("moving up pauses, counts what is new, and does not ask at every chunk", async () => {
  see(100)
  await last().answer()
  lines.move(-50)
  expect(lines.following).toBe(false)
  await last().answer()
  expect(drawn()).toEqual([46, 47, 48, 49, 50])
  const before = asked.length
  see(180)
  expect(lines.fresh).toBe(80)
  expect(asked).toHaveLength(before)
  expect(drawn()).toEqual([46, 47, 48, 49, 50])
})

test("paused at lines that may still grow, they are looked at again now and then", async () => {
  see(100)
  await last().answer()
  lines.move(-50)
  await last().answer()
  const before = asked.length
  now += 600
  see(180)
  expect(asked).toHaveLength(before + 1)
})

test("the end resumes following", async () => {
  see(100)
  await last().answer()
  lines.move(-50)
  await last().answer()
  see(180)
  lines.follow()
  expect(lines.following).toBe(true)
  await last().answer()
  expect(drawn()).toEqual([176, 177, 178, 179])
  lines.move(-1)
  lines.move(+1)
  expect(lines.following).toBe(true)
})

test("fast scrolling skips what it passed: the newest place wins", async () => {
  see(10_000, { live: false })
  await last().answer()
  lines.scrollTo(1_000)
  lines.scrollTo(2_000)
  lines.scrollTo(3_000)
  expect(asked).toHaveLength(2)
  expect(drawn()).toEqual(["3000?", "3001?", "3002?", "3003?", "3004?"])
  await last().answer()
  expect(asked).toHaveLength(3)
  await last().answer()
  expect(drawn()).toEqual([3000, 3001, 3002, 3003, 3004])
})

test("short answers, as for long lines, are continued until the visible part is whole", async () => {
  see(10_000, { live: false }, false)
  await last().answer(2)
  expect(last().from).toBe(2)
  await last().answer(2)
  expect(last().from).toBe(4)
  await last().answer(2)
  expect(drawn()).toEqual([0, 1, 2, 3, 4])
  expect(asked).toHaveLength(3)
})

test("one very long line an answer: still whole, and it ends", async () => {
  see(10_000, { live: false }, false)
  for (let i = 0; i < 5; i++) await last().answer(1)
  expect(drawn()).toEqual([0, 1, 2, 3, 4])
  expect(asked).toHaveLength(5)
})

test("an answer without lines is not asked for again", async () => {
  see(100, { live: false }, false)
  await last().answer(0)
  expect(asked).toHaveLength(1)
})

test("when the call ends, what is visible is asked once more", async () => {
  see(100)
  await last().answer()
  see(100, { live: false })
  expect(asked).toHaveLength(2)
  await last().answer()
  see(100, { live: false })
  expect(asked).toHaveLength(2)
})

test("another call drops the answer of the one before", async () => {
  see(100)
  see(7, { id: 2, live: false }, false)
  await asked[0]!.answer()
  expect(asked[1]).toMatchObject({ id: 2, from: 0 })
  expect(drawn()).toEqual(["0?", "1?", "2?", "3?", "4?"])
  await asked[1]!.answer()
  expect(drawn()).toEqual([0, 1, 2, 3, 4])
})

test("without counts the total is what the answer says", async () => {
  written = 12
  lines.see({ ...look, view: "pretty", bytes: 90 }, false)
  await last().answer()
  expect(lines.total).toBe(12)
  expect(drawn()).toEqual([0, 1, 2, 3, 4])
})

test("a failure is said and not repeated by itself", async () => {
  see(100)
  await last().fail()
  expect(lines.trouble?.message).toBe("no disk")
  expect(asked).toHaveLength(1)
  see(120)
  await last().answer()
  expect(lines.trouble).toBeUndefined()
})

test("rows that the end is followed with keep their elements, also when it is paused", async () => {
  see(100)
  await last().answer()
  const keys = () => lines.drawn.map(({ key }) => key)
  expect(keys()).toEqual([0, 1, 2, 3])
  see(200)
  await last().answer()
  expect(keys()).toEqual([0, 1, 2, 3])
  lines.pause()
  expect(keys()).toEqual([0, 1, 2, 3])
  lines.move(-1)
  expect(keys()).toEqual([-1, 0, 1, 2, 3])
})

test("wrapped rows: the end is the anchor while it is followed", async () => {
  lines.setWrap(true)
  see(100)
  await last().answer()
  expect(lines.above.map(({ n }) => n)).toEqual([95, 96, 97, 98, 99])
  expect(lines.below).toEqual([])
  lines.moveBy(-30)
  expect([lines.following, lines.anchor, lines.shift]).toEqual([false, 100, 110])
  // Rows of one line each fill what is above the anchor.
  expect(lines.above.map(({ n }) => n)).toEqual([94, 95, 96, 97, 98, 99])
})

test("wrapped rows: one that is higher than the viewport is scrolled through", async () => {
  lines.setWrap(true)
  see(100, { live: false }, false)
  await last().answer()
  lines.moveBy(50)
  lines.moveBy(50)
  expect([lines.anchor, lines.shift]).toEqual([0, -100])
  expect(lines.below[0]!.n).toBe(0)
  // More than one screen at once: no further than one.
  lines.moveBy(1_000)
  expect(lines.shift).toBe(-180)
  lines.anchorAt(3, -15)
  expect([lines.first, lines.shift]).toEqual([3, -15])
})

test("wrapped rows: a place that is gone to stands below what comes before it", async () => {
  lines.setWrap(true)
  see(100, { live: false }, false)
  await last().answer()
  lines.reveal(50)
  expect([lines.anchor, lines.shift, lines.pointed]).toEqual([50, 27, 50])
  expect([lines.above.map(({ n }) => n), lines.below[0]!.n]).toEqual([[48, 49], 50])
})

test("a place that is seen is pointed at and nothing moves, one near the end is paused at", async () => {
  see(100)
  await last().answer()
  lines.reveal(98)
  expect([lines.first, lines.following, lines.pointed]).toEqual([96, false, 98])
  lines.reveal(97)
  expect(lines.first).toBe(96)
  lines.reveal(50)
  expect([lines.first, lines.pointed]).toEqual([49, 50])
})

test("a place is come back to", async () => {
  see(100)
  await last().answer()
  lines.scrollTo(30)
  const place = lines.place()
  lines.see({ ...look, view: "stderr", total: 5 }, true)
  expect(lines.following).toBe(true)
  lines.see({ ...look, total: 100 }, true, place)
  expect([lines.following, lines.first]).toEqual([false, 30])
})

test("a view that is still being made is asked for again until it is whole", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
  let made = 0
  const shell = new FakeShell({
    lines: async ({ from, count }) => {
      made += 1
      const window = Array.from({ length: count }, (_, i) => line(from + i))
      const making = made < 3 ? { making: { done: made, whole: 3 } } : {}
      return { from, total: 40 * made, lines: window, ...making }
    },
  })
  const lines = new Lines(pulled(shell))
  lines.fit(1)
  lines.see({ ...look, view: "pretty" }, false)
  await settle()
  expect([made, lines.making?.done]).toEqual([1, 1])
  for (let i = 0; i < 2; i++) {
    vi.advanceTimersByTime(100)
    await settle()
  }
  expect([made, lines.making, lines.total]).toEqual([3, undefined, 120])
  vi.advanceTimersByTime(1_000)
  await settle()
  expect(made).toBe(3)
  vi.useRealTimers()
})

test("events have no counts: they are asked for again whenever bytes came, and followed", async () => {
  written = 10
  const events = { ...look, view: "events", live: true } as const
  lines.see({ ...events, bytes: 100 })
  await last().answer()
  while (drawn().at(-1) !== 9) await last().answer()
  const before = asked.length
  lines.see({ ...events, bytes: 100 })
  expect(asked).toHaveLength(before)
  written = 12
  lines.see({ ...events, bytes: 130 })
  await last().answer()
  expect([lines.total, drawn()]).toEqual([12, [8, 9, 10, 11]])
})

test("what was found by another search are other rows", async () => {
  written = 50
  lines.see({ ...look, view: "hits", total: 50 }, false)
  await last().answer()
  lines.see({ ...look, view: "hits", edition: 1, total: 0 }, false)
  expect([lines.total, drawn()]).toEqual([0, []])
  const before = asked.length
  lines.see({ ...look, view: "hits", edition: 1, total: 3 }, false)
  expect(asked).toHaveLength(before + 1)
})

test("terminal codes followed or not: the same place is asked for again", async () => {
  see(100, { live: false }, false)
  await last().answer()
  lines.scrollTo(20)
  await last().answer()
  see(100, { live: false, ansi: false }, false)
  expect([last().ansi, lines.first]).toEqual([false, 20])
})

test("the time of the row before is known across windows", async () => {
  see(1_000, { live: false }, false)
  await last().answer()
  expect(lines.drawn.map(({ beforeUs }) => beforeUs)).toEqual([undefined, 0, 3000, 6000, 9000])
})

test("however much is scrolled, only a few windows are held", async () => {
  see(1_000_000, { live: false }, false)
  await last().answer()
  for (let first = 0; first < 100_000; first += 1_000) {
    lines.scrollTo(first)
    await last().answer()
  }
  const before = asked.length
  lines.scrollTo(2)
  expect(asked).toHaveLength(before + 1)
})
