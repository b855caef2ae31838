import { expect, test } from "vitest"
import { edited, encoded, paramsOf, shownOf, withParams } from "../src/model/composer/query"
import { RequestForm } from "../src/model/composer/request.svelte"

/** The same numbers at every run. */
function random(seed: number) {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const PIECES = [
  "a",
  "%41",
  "%",
  "%zz",
  "%C3%A9",
  "%c3",
  "é",
  "+",
  "%20",
  "=",
  "&",
  "?",
  "#",
  "😀",
  "%F0%9F%98%80",
  "'",
  " ",
]

function texts(seed: number, count: number, pieces: readonly string[]) {
  const next = random(seed)
  return Array.from({ length: count }, () =>
    Array.from({ length: next(8) }, () => pieces[next(pieces.length)]!).join(""),
  )
}

test("a query as rows and back is the same path, however it is encoded", () => {
  for (const query of texts(1, 2000, PIECES)) {
    const path = `/x?${query}`
    expect(withParams(path, paramsOf(path))).toBe(path.replace(/&+$/, "").replace(/^\/x\?$/, "/x"))
  }
})

test("an edited row is the text that was typed, and leaves what wasn't edited as it is encoded", () => {
  const raws = texts(2, 500, PIECES).map((raw) => raw.replaceAll("&", ""))
  const typed = texts(3, 500, PIECES)
  raws.forEach((raw, i) => {
    for (const part of ["name", "value"] as const) {
      const after = edited(raw, part, typed[i]!)
      expect(after).not.toContain("&")
      expect(shownOf(after)[part]).toBe(typed[i])
      const other = part === "name" ? "value" : "name"
      expect(shownOf(after)[other]).toBe(shownOf(raw)[other])
      // Typing the same again changes nothing.
      expect(edited(after, part, typed[i]!)).toBe(after)
    }
  })
  expect(edited("q=a+b%2Fc", "value", "a b/cd")).toBe("q=a+b%2Fcd")
  expect(edited("q=a+b%2fc", "value", "a b/x/c")).toBe("q=a+b%2fx%2Fc")
  expect(edited("q", "value", "1")).toBe("q=1")
  expect(edited("q", "name", "qq")).toBe("qq")
  expect(edited(undefined, "name", "q")).toBe("q=")
  expect(encoded("\ud800!é")).toBe("%EF%BF%BD%21%C3%A9")
})

test("path and rows of a request stay the same in both directions", () => {
  const form = new RequestForm()
  form.path = "/x?a=1&b=%20"
  expect(form.query).toEqual([
    { name: "a", value: "1" },
    { name: "b", value: " " },
  ])
  form.queryEdits.type(2, "name", "c d")
  expect(form.path).toBe("/x?a=1&b=%20&c%20d=")
  form.queryEdits.toggle(0)
  expect(form.path).toBe("/x?b=%20&c%20d=")
  expect(form.query[0]).toEqual({ name: "a", value: "1", off: true })
  // Typed in the path, what is switched off stays.
  form.path = "/y"
  expect(form.query).toEqual([{ name: "a", value: "1", off: true }])
  form.queryEdits.toggle(0)
  expect(form.path).toBe("/y?a=1")
  form.queryEdits.remove(0)
  expect(form.path).toBe("/y")
})

test("rows that are switched off are kept in a draft and not sent", () => {
  const form = new RequestForm()
  form.path = "/x?a=%31&b=2"
  form.queryEdits.toggle(0)
  form.headers = [
    { name: "X", value: "1", off: true },
    { name: "Y", value: "2" },
  ]
  const request = form.request()
  expect([request.path, request.query]).toEqual(["/x?b=2", []])
  expect(request.headers).toEqual([{ name: "Y", value: "2" }])
  const again = new RequestForm()
  again.load(JSON.parse(JSON.stringify(request)))
  expect(again.request()).toEqual(request)
  again.queryEdits.toggle(0)
  expect(again.path).toBe("/x?a=%31&b=2")
})

test("a draft of an older version, with its query in rows, is the same request", () => {
  const form = new RequestForm()
  form.load({ ...form.request(), path: "/x?z", query: [{ name: "a b", value: "é&" }] })
  expect(form.path).toBe("/x?z&a%20b=%C3%A9%26")
})
