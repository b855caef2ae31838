import { beforeEach, expect, test } from "vitest"
import { Copying } from "../src/model/output/copying.svelte"
import { Disk, fullWords } from "../src/model/output/disk.svelte"
import { MarkedRows } from "../src/model/output/marked-rows.svelte"
import { Output } from "../src/model/output/output.svelte"
import { partsOf, Saving } from "../src/model/output/saving.svelte"
import { FakeShell, line, settle, summary } from "./fake"

let output: Output
let shell: FakeShell
let marks: MarkedRows
let saving: Saving
let done: () => void
let failed: (thrown: unknown) => void

const run = summary(1, { http: false })

beforeEach(() => {
  shell = new FakeShell({
    lines: async ({ from, count }) => ({
      from,
      total: 9,
      lines: Array.from({ length: count }, (_, i) => line(from + i)),
    }),
    save_place: async ({ what }) => `/downloads/${what.kind}`,
    save: ({ path }) =>
      new Promise((yes, no) => {
        done = () => yes({ path, bytes: 1200 })
        failed = no
      }),
    exact: async ({ from, to }) => `${from}-${to}`,
  })
  output = new Output(shell)
  marks = new MarkedRows()
  saving = new Saving(shell, output, marks)
  output.lines.fit(5)
  output.see(run)
})

const saves = () => shell.asked.filter(({ name }) => name === "save").map(({ args }) => args)

test("what can be saved depends on the call, on marks and on what was found", () => {
  const kinds = (...args: Parameters<typeof partsOf>) => partsOf(...args).map(({ kind }) => kind)
  expect(kinds(run, undefined, 0)).toEqual(["both", "stdout", "stderr", "chunks"])
  expect(kinds(summary(1), undefined, 0)).toEqual(["stdout", "chunks"])
  expect(kinds(run, { from: 1, to: 5 }, 3)).toEqual(["both", "stdout", "stderr", "chunks", "lines", "hits"])
  expect(partsOf(run, { from: 0, to: 1_000_000 }, 0).at(-1)!.text).toBe("1,000,000 marked lines")
})

test("it opens with what is looked at and a path for it; a path that was typed stays", async () => {
  saving.show()
  await settle()
  expect([saving.kind, saving.path]).toEqual(["both", "/downloads/both"])
  marks.mark(3)
  marks.extend(5)
  saving.show()
  await settle()
  expect([saving.kind, saving.path]).toEqual(["lines", "/downloads/lines"])
  saving.choose("stderr")
  saving.typePath("/mine")
  await settle()
  expect(saving.path).toBe("/mine")
})

test("marked lines are saved by their numbers", async () => {
  marks.mark(3)
  marks.extend(5)
  saving.show()
  await settle()
  void saving.save()
  expect(saves()).toEqual([
    {
      id: 1,
      what: { kind: "lines", view: "both", from: 3, to: 6 },
      path: "/downloads/lines",
      replace: false,
    },
  ])
  saving.see({ done: 5, whole: 10 })
  expect([saving.busy, saving.progress?.done]).toEqual([true, 5])
  done()
  await settle()
  expect([saving.busy, saving.saved?.bytes, saving.progress]).toEqual([false, 1200, undefined])
})

test("a file that is there is kept until it is said that it may be replaced", async () => {
  saving.show()
  await settle()
  void saving.save()
  failed({ code: "file_exists", message: "there" })
  await settle()
  expect([saving.exists, saving.trouble]).toEqual([true, undefined])
  void saving.save(true)
  expect(saves().at(-1)).toMatchObject({ replace: true })
  done()
  await settle()
  expect(saving.saved?.path).toBe("/downloads/both")
})

test("marks are ranges of rows, however far apart", () => {
  marks.mark(7)
  expect(marks.span).toEqual({ from: 7, to: 8 })
  marks.extend(1_000_000)
  expect(marks.span).toEqual({ from: 7, to: 1_000_001 })
  marks.extend(2)
  expect(marks.span).toEqual({ from: 2, to: 8 })
  expect([marks.has(2), marks.has(8)]).toEqual([true, false])
  expect(marks.stretch(-5, 100)).toBe(0)
  marks.mark(4)
  marks.mark(4)
  expect(marks.span).toBeUndefined()
})

test("rows are copied exactly, bytes as they are drawn, and too much is said", async () => {
  const put: string[] = []
  const copying = new Copying(shell, output, async (text) => void put.push(text))
  await copying.rows({ from: 2, to: 900 })
  expect(put).toEqual(["2-900"])
  output.choose("hex")
  await settle()
  await copying.rows({ from: 0, to: 1 })
  expect(put.at(-1)).toBe("line 0")
  output.choose("both")
  shell.answers.exact = async () => Promise.reject({ code: "copy_too_large", message: "too long" })
  await copying.rows({ from: 0, to: 9 })
  expect(copying.trouble?.code).toBe("copy_too_large")
})

test("outputs that fill their room are said, with who waits", () => {
  const disk = new Disk()
  disk.see({ used: 10, quota: 20_000_000_000, waiting: 0 })
  expect([disk.full, disk.noted]).toEqual([false, false])
  disk.see({ used: 20_000_000_000, quota: 20_000_000_000, waiting: 3 })
  expect([disk.full, disk.noted, disk.more]).toEqual([true, true, 40_000_000_000])
  expect(disk.words).toBe("Output quota reached (20 GB). 3 calls are paused; no data is lost.")
  expect(fullWords({ used: 1, quota: 1_500_000_000, waiting: 1 })).toBe(
    "Output quota reached (1.5 GB). 1 call is paused; no data is lost.",
  )
})
