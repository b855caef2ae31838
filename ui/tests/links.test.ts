import { describe, expect, test } from "vitest"
import { linksInJson } from "../src/model/output/json-links"
import { linksIn, linkText } from "../src/model/output/links"
import { nearest } from "../src/model/output/log-filter.svelte"
import { isPlain, piecesOf } from "../src/model/output/pieces"

const found = (text: string, shown: [number, number][] = [], cut = false) =>
  linksIn(text, shown, cut).map(({ from, to, kind, target }) => [kind, text.slice(from, to), target])

test("URLs end where a sentence goes on", () => {
  const url = (url: string) => ["url", url, url]
  expect(found("see http://a.example/b?c=1&d=%20#e, then")).toEqual([url("http://a.example/b?c=1&d=%20#e")])
  expect(found("(https://a.example/x_(y)).")).toEqual([url("https://a.example/x_(y)")])
  expect(found('{"url":"http://[::1]:8080/"}')).toEqual([url("http://[::1]:8080/")])
  expect(found("<http://a.example> and HTTP://B.example!")).toEqual([
    url("http://a.example"),
    url("HTTP://B.example"),
  ])
  expect(found("https://bücher.example/ä…")).toEqual([url("https://bücher.example/ä")])
})

test("nothing else is a link", () => {
  for (const text of [
    "file:///etc/passwd",
    "javascript:alert(1)",
    "ftp://a.example",
    "http://",
    "xhttp://a",
    "12:34:56",
    "1.5:30",
    "localhost:8080",
    "db.internal:5432",
    "key:1",
  ]) {
    expect(found(text), text).toEqual([])
  }
  // A character that turns text around ends it.
  expect(found("http://a.example/\u202egpj.exe")).toEqual([["url", "http://a.example/", "http://a.example/"]])
})

test("places in files are links as compilers and stack traces write them", () => {
  expect(found("  at src/main.rs:3:5")).toEqual([["file", "src/main.rs:3:5", "src/main.rs"]])
  expect(found("\t/app/main.go:12 +0x1d")).toEqual([["file", "/app/main.go:12", "/app/main.go"]])
  expect(found("at f (C:\\app\\a.js:1:2)")).toEqual([["file", "C:\\app\\a.js:1:2", "C:\\app\\a.js"]])
  expect(found('  File "/app/my file.py", line 3, in f')).toEqual([
    ["file", '/app/my file.py", line 3', "/app/my file.py"],
  ])
  expect(found("http://a.example/b.js:3:4")).toEqual([
    ["url", "http://a.example/b.js:3:4", "http://a.example/b.js:3:4"],
  ])
})

test("what isn't drawn as it is, or not whole, is no link", () => {
  expect(found("http://a.example/␀b", [[17, 18]])).toEqual([])
  expect(found("http://a.example/b", [], true)).toEqual([])
  expect(found("http://a.example/b more", [], true)).toHaveLength(1)
  expect(found("http://a.example/ ".repeat(2_000))).toEqual([])
  expect(found("http://a.example/ ".repeat(200))).toHaveLength(50)
})

test("a tooltip tells the URL that is opened", () => {
  const text = "http://bücher.example/a"
  expect(linkText(linksIn(text, [], false)[0]!)).toBe("Open http://xn--bcher-kva.example/a")
})

test("a place is copied as editors take it, however the row writes it", () => {
  const copied = (text: string) => linksIn(text, [], false).map((link) => link.copied)
  expect(copied('  File "/app/my file.py", line 3, in f')).toEqual(["/app/my file.py:3"])
  expect(copied("at src/main.rs:3:5 of http://a.example/b.")).toEqual([
    "src/main.rs:3:5",
    "http://a.example/b",
  ])
})

test("pieces of a line tell its level and its links", () => {
  const line = {
    text: "ERROR http://a.example/ b",
    shown: [],
    styles: [],
    level: "error",
    levelAt: [0, 5],
  } as const
  const drawn = { ...line, shown: [], styles: [], levelAt: [0, 5] as [number, number] }
  expect(isPlain(drawn)).toBe(false)
  const pieces = piecesOf(drawn).map(({ text, level, link }) => [text, level, link?.kind])
  expect(pieces).toEqual([
    ["ERROR", "error", undefined],
    [" ", undefined, undefined],
    ["http://a.example/", undefined, "url"],
    [" b", undefined, undefined],
  ])
  expect(isPlain({ text: "plain 12:30", shown: [], styles: [] })).toBe(true)
})

test("a click on the map means the mark near it, errors first", () => {
  const marks = [
    { place: 10, errors: 0, warnings: 1, row: 100 },
    { place: 11, errors: 2, warnings: 0, row: 110 },
    { place: 50, errors: 0, warnings: 1, row: 500 },
  ]
  expect(nearest(marks, 10)?.row).toBe(110)
  expect(nearest(marks, 9)?.row).toBe(110)
  expect(nearest(marks, 51)?.row).toBe(500)
  expect(nearest(marks, 30)).toBe(undefined)
})

describe("links in indented JSON", () => {
  const found = (text: string, shown: [number, number][] = [], cut = false) =>
    linksInJson(text, shown, cut).map(({ from, to, target }) => [text.slice(from, to), target])

  test("are URLs in its strings, also with escapes that are characters of them", () => {
    expect(found('  "url": "https://a.example/b?c=1",')).toEqual([
      ["https://a.example/b?c=1", "https://a.example/b?c=1"],
    ])
    expect(found(String.raw`"http:\/\/a.example\/b?c=1\u0026d=2",`)).toEqual([
      [String.raw`http:\/\/a.example\/b?c=1\u0026d=2`, "http://a.example/b?c=1&d=2"],
    ])
    expect(found('"see http://a.example/b. Or (http://a.example/c)"')).toEqual([
      ["http://a.example/b", "http://a.example/b"],
      ["http://a.example/c", "http://a.example/c"],
    ])
    expect(found(String.raw`"http:\/\/a.example\/b."`)).toEqual([
      [String.raw`http:\/\/a.example\/b`, "http://a.example/b"],
    ])
    expect(found('"https://a.example/": "http://b.example/",').map(([, target]) => target)).toEqual([
      "https://a.example/",
      "http://b.example/",
    ])
  })

  test("end where another escape or the string ends, and there are no others", () => {
    expect(found(String.raw`"http://a.example/\nnext"`)).toEqual([["http://a.example/", "http://a.example/"]])
    expect(found(String.raw`"say \"http://a.example/\""`)).toEqual([
      ["http://a.example/", "http://a.example/"],
    ])
    expect(found(String.raw`"http://a.example/\u202egpj"`)).toEqual([
      ["http://a.example/", "http://a.example/"],
    ])
    for (const text of ["12", '"main.rs:3:5"', '"ftp://a.example"', '"http://"', "{", '"xhttp://a.example"'])
      expect(found(text), text).toEqual([])
  })

  test("are none where the row is cut or represents something else", () => {
    expect(found('"http://a.example/b', [], true)).toEqual([])
    expect(found('"http://a.example/b"', [[18, 19]])).toEqual([])
  })
})
