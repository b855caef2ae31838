import { expect, test } from "vitest"
import { intentOf } from "../src/model/window/shortcuts"
import { timeBeside } from "../src/model/output/times"
import { cellsOf } from "../src/model/output/width"
import { line } from "./fake"
import {
  amount,
  count,
  duration,
  many,
  offset,
  percent,
  roundSize,
  sinceStart,
  size,
} from "../src/model/text/numbers"

test("durations are short and never round up into a unit that is not theirs", () => {
  const of = (us: number) => duration(us)
  expect([0, 1_200, 9_940, 9_960, 38_400, 210_000, 999_400].map(of)).toEqual([
    "0.0 ms",
    "1.2 ms",
    "9.9 ms",
    "10 ms",
    "38 ms",
    "210 ms",
    "999 ms",
  ])
  expect([999_600, 12_400_000, 59_940_000, 59_990_000, 185_000_000].map(of)).toEqual([
    "1.0 s",
    "12.4 s",
    "59.9 s",
    "1 min 0 s",
    "3 min 5 s",
  ])
  expect(of(7_380_000_000)).toBe("2 h 3 min")
})

test("amounts, sizes and counts are written as in the mock", () => {
  expect([0, 48, 912, 999, 1_000, 2_100, 999_940, 999_960, 41_700_000].map(amount)).toEqual([
    "0",
    "48",
    "912",
    "999",
    "1.0 k",
    "2.1 k",
    "999.9 k",
    "1.0 M",
    "41.7 M",
  ])
  expect(amount(3e15)).toBe("3000 T")
  expect([size(48), size(41_700_000)]).toEqual(["48 B", "41.7 MB"])
  expect([count(417_902), many(1, "line"), many(2, "line")]).toEqual(["417,902", "1 line", "2 lines"])
  expect(sinceStart(12_310_000)).toBe("+12.310")
})

test("sizes that were chosen, parts of a whole, and offsets", () => {
  expect([roundSize(20_000_000_000), roundSize(1_500_000_000)]).toEqual(["20 GB", "1.5 GB"])
  expect([percent(412, 1000), percent(999, 1000), percent(5, 5), percent(0, 0)]).toEqual([
    "41 %",
    "99 %",
    "100 %",
    "100 %",
  ])
  expect([offset(0), offset(8000)]).toEqual(["00000000", "00001f40"])
})

test("the time beside a row", () => {
  const began = new Date(2026, 4, 3, 9, 41, 2, 100).getTime()
  expect(timeBeside("clock", 23_456, undefined, began)).toBe("09:41:02.123")
  expect(timeBeside("start", 12_310_000, undefined, began)).toBe("+12.310")
  expect(timeBeside("previous", 12_310_000, 12_300_000, began)).toBe("+0.010")
  expect(timeBeside("previous", 5_000, 9_000, began)).toBe("+0.000")
  expect(timeBeside("off", 5_000, 9_000, began)).toBe("")
})

test("how wide a row is: East Asian letters take two cells, tabs up to eight", () => {
  expect(cellsOf(line(0, { text: "abc" }), 0)).toBe(3)
  expect(cellsOf(line(0, { text: "日本" }), 0)).toBe(4)
  expect(cellsOf(line(0, { text: "🐋" }), 0)).toBe(2)
  expect(cellsOf(line(0, { text: "\t" }), 0)).toBe(8)
  expect(cellsOf(line(0, { text: "abc" }), 100)).toBe(100)
})

test("keys of the whole window", () => {
  const key = (key: string, more = {}) =>
    intentOf({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more })
  expect([key("f", { ctrlKey: true }), key("g", { metaKey: true })]).toEqual(["search", "jump"])
  expect([key("F3"), key("F3", { shiftKey: true })]).toEqual(["next-hit", "previous-hit"])
  expect([key("f"), key("g", { ctrlKey: true, altKey: true })]).toEqual([undefined, undefined])
})

test("Esc is no key that cancels, whatever is held with it", () => {
  const held = [true, false]
  for (const ctrlKey of held)
    for (const metaKey of held)
      for (const altKey of held)
        for (const shiftKey of held) {
          const pressed = { ctrlKey, metaKey, altKey, shiftKey }
          expect(intentOf({ key: "Escape", ...pressed })).not.toBe("cancel")
        }
  const alone = { ctrlKey: false, metaKey: false, altKey: false }
  expect(intentOf({ key: "F5", ...alone, shiftKey: true })).toBe("cancel")
  expect(intentOf({ key: "F5", ...alone, shiftKey: false })).toBeUndefined()
})
