import { expect, test } from "vitest"
import type { Window } from "../src/ipc/generated/Window"
import { CHARSETS, charsetText, charsetValue, hasCharset, isDecoded } from "../src/model/output/charsets"
import { Output } from "../src/model/output/output.svelte"
import { Search } from "../src/model/output/search.svelte"
import { FakeShell, line, settle, summary } from "./fake"

const latin1 = { name: "windows-1252", by: "header" } as const

test("the status line names the charset and how it is known", () => {
  expect(charsetText(undefined)).toBe("UTF-8")
  expect(charsetText(latin1)).toBe("windows-1252 (Content-Type)")
  expect(charsetText({ name: "UTF-16LE", by: "bom" })).toBe("UTF-16LE (byte order mark)")
  expect(charsetText({ name: "GBK", by: "looks" })).toBe("GBK (detected)")
  expect([charsetValue(undefined), charsetValue(latin1)]).toEqual(["automatic", "automatic"])
  expect(charsetValue({ name: "UTF-8", by: "chosen" })).toBe("UTF-8")
  expect([isDecoded(undefined), isDecoded(latin1), isDecoded({ name: "UTF-8", by: "chosen" })]).toEqual([
    false,
    true,
    false,
  ])
  expect(new Set(CHARSETS.map(({ value }) => value)).size).toBe(CHARSETS.length)
  expect((["stdout", "pretty", "hits", "chunks", "hex", "hex_stderr"] as const).filter(hasCharset)).toEqual([
    "stdout",
    "pretty",
    "hits",
  ])
})

test("another charset has other rows, and a search in them begins again", async () => {
  const shell = new FakeShell({
    lines: async ({ from }): Promise<Window> => ({ from, total: 3, lines: [line(from)] }),
    set_charset: async () => {},
    search: async () => {},
    search_end: async () => {},
  })
  const output = new Output(shell)
  const search = new Search(shell, output)
  output.lines.fit(10)
  const row = summary(1, {
    counts: { stdout: { bytes: 90, lines: 50 }, stderr: { bytes: 0, lines: 0 }, chunks: 1 },
  })
  output.see(row)
  await settle()
  expect(output.lines.look?.total).toBe(50)
  search.show()
  search.text = "x"
  search.toggle("regex")
  await settle()
  const asked = (name: string) => shell.asked.filter((asked) => asked.name === name).length
  const before = [asked("lines"), asked("search")] as const
  await output.setCharset("GBK")
  expect(shell.asked.at(-1)).toEqual({ name: "set_charset", args: { id: 1, charset: "GBK" } })
  output.see({ ...row, charset: { name: "GBK", by: "chosen" } })
  search.look()
  await settle()
  // How many lines a text has that is decoded is not known before.
  expect(output.lines.look?.total).toBeUndefined()
  expect(output.lines.total).toBe(3)
  expect(asked("lines")).toBeGreaterThan(before[0])
  expect(asked("search")).toBe(before[1] + 1)
  await output.setCharset("automatic")
  expect(shell.asked.at(-1)!.args).toEqual({ id: 1, charset: null })
})

test("bytes and pieces are no text: their rows stay", () => {
  const output = new Output(new FakeShell({ lines: async () => ({ from: 0, total: 0, lines: [] }) }))
  output.see(summary(1, { charset: latin1 }))
  output.choose("hex")
  expect([output.lines.look?.form, output.lines.look?.total]).toEqual(["undefined text false", 3])
})
