import { beforeEach, expect, test } from "vitest"
import type { Commands } from "../src/ipc/generated/Commands"
import type { Window } from "../src/ipc/generated/Window"
import { Lines, type Look } from "../src/model/lines.svelte"
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
        failed({ code: "spill_failed", message: "no disk" })
        await settle()
      }
      asked.push({ ...args, answer, fail })
    }),
})

function see(total: number, more: Partial<Look> = {}, follow = true) {
  written = total
  lines.see({ id: 1, view: "both", live: true, total, bytes: total * 10, ...more }, follow)
}

const drawn = () => lines.drawn.map(({ n, line }) => (line ? n : `${n}?`))
const last = () => asked.at(-1)!

beforeEach(() => {
  asked = []
  now = 0
  lines = new Lines(shell, undefined, () => now)
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
  lines.see({ id: 1, view: "pretty", live: false, bytes: 90 }, false)
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
