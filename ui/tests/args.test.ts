import { expect, test } from "vitest"
import * as args from "../src/model/composer/args"
import { CommandForm, looksLikeLine } from "../src/model/composer/command.svelte"
import { FakeShell } from "./fake"

test("a draft becomes an argument, and counts before it does", () => {
  let a = args.argsOf(["--volume"])
  a = { ...a, draft: "pg data" }
  expect(args.textsOf(a)).toEqual(["--volume", "pg data"])
  a = args.keepDraft(a)
  expect(a.draft).toBe("")
  expect(args.textsOf(args.keepDraft(a))).toEqual(["--volume", "pg data"])
})

test("an empty box is an empty argument, an empty draft is none", () => {
  expect(args.textsOf(args.argsOf(["", "x"]))).toEqual(["", "x"])
})

test("Enter in a box puts the draft after it", () => {
  let a = args.draftAfter(args.argsOf(["a", "c"]), 0)
  a = args.keepDraft({ ...a, draft: "b" })
  expect(args.textsOf(a)).toEqual(["a", "b", "c"])
  expect(a.draftAt).toBe(2)
  expect(args.draftToEnd(a).draftAt).toBe(3)
})

test("a draft that stood before the box is kept where it was", () => {
  let a = args.draftAfter(args.argsOf(["a", "c", "d"]), 0)
  a = args.draftAfter({ ...a, draft: "b" }, 1)
  expect(args.textsOf({ ...a, draft: "!" })).toEqual(["a", "b", "c", "!", "d"])
})

test("removing keeps the other boxes and their keys", () => {
  const before = args.argsOf(["a", "b", "c"])
  const after = args.removeBox(before, 1)
  expect(args.textsOf(after)).toEqual(["a", "c"])
  expect(after.boxes.map((box) => box.key)).toEqual([before.boxes[0]!.key, before.boxes[2]!.key])
  expect(after.draftAt).toBe(2)
})

const splitter = () => new FakeShell({ split_words: async ({ text }) => text.split(" ") })

test("a line in the program is offered to be split, which replaces what was there, and can be undone", async () => {
  const form = new CommandForm(splitter())
  form.load({ place: { kind: "host" }, program: "", args: ["last"], env: [], envMode: "add" })
  form.program = "kubectl get pods"
  await form.look()
  expect([form.program, ...args.textsOf(form.args)]).toEqual(["kubectl get pods", "last"])
  expect(form.offer).toEqual(["kubectl", "get", "pods"])
  form.accept()
  expect([form.program, ...args.textsOf(form.args)]).toEqual(["kubectl", "get", "pods"])
  expect([form.split?.words, form.offer]).toEqual([3, undefined])
  form.split?.undo()
  expect([form.program, ...args.textsOf(form.args)]).toEqual(["kubectl get pods", "last"])
  expect(form.split).toBeUndefined()
})

test("a line pasted into the draft or a box is split in its place", async () => {
  const form = new CommandForm(splitter())
  await form.paste("draft", "a b")
  await form.paste(0, "x y")
  expect(args.textsOf(form.args)).toEqual(["x", "y", "b"])
  form.split?.undo()
  expect(args.textsOf(form.args)).toEqual(["x y", "b"])
})

test("what cannot be split stays as it was pasted, and says why", async () => {
  const refuse = async () => Promise.reject({ code: "command_invalid", message: "a quote is not closed" })
  const form = new CommandForm(new FakeShell({ split_words: refuse }))
  await form.paste("draft", 'say "hello there')
  expect(args.textsOf(form.args)).toEqual(['say "hello there'])
  expect(form.splitProblem).toContain("a quote is not closed")
})

test("only text of more than one word is a line", () => {
  expect([" word\n", "two words", "a\tb"].map(looksLikeLine)).toEqual([false, true, true])
})

test("a paste goes where the field's selection is", () => {
  expect(args.pastedInto({ value: "abcd", selectionStart: 1, selectionEnd: 3 }, "X Y")).toBe("aX Yd")
  expect(args.pastedInto({ value: "ab", selectionStart: null, selectionEnd: null }, "!")).toBe("!")
})
