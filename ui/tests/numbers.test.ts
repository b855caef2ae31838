import { expect, test } from "vitest"
import { amount, count, duration, many, sinceStart, size } from "../src/model/numbers"

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
    "1 m 00 s",
    "3 m 05 s",
  ])
  expect(of(7_380_000_000)).toBe("2 h 03 m")
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
