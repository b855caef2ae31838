import { expect, test, vi } from "vitest"
import type { Prompt } from "../src/ipc/generated/Prompt"
import { Prompts } from "../src/model/permission/prompts.svelte"
import { FakeShell, settle } from "./fake"
import { prompt } from "./gate"

const of = prompt

function prompts(isHere: (prompt: Prompt) => boolean = () => true) {
  const shell = new FakeShell({
    approve: async () => {},
    deny: async () => {},
    pending_end: async () => "withdrawn",
  })
  const prompts = new Prompts(shell, isHere)
  prompts.guard.begin = vi.fn()
  const asked = () => shell.asked.map(({ name, args }) => [name, args])
  return { prompts, shell, asked }
}

test("one call is shown at a time, with how many wait besides", async () => {
  const { prompts: shown, asked } = prompts()
  shown.see(of(1), 3)
  expect(shown.shown?.pending).toBe(1)
  expect(shown.others).toBe(2)
  const { edition } = shown
  const approved = shown.approve("once")
  await settle()
  expect(asked()).toEqual([["approve", { pending: 1, scope: "once" }]])
  // The core has not said yet that it is gone: between the two there is no moment without a prompt.
  expect([shown.shown?.pending, shown.deciding]).toEqual([1, true])
  shown.see(of(1), 3)
  await settle()
  expect([shown.shown?.pending, shown.deciding]).toEqual([1, true])
  shown.see(of(2), 2)
  await approved
  expect([shown.shown?.pending, shown.deciding]).toEqual([2, false])
  expect(shown.edition).toBeGreaterThan(edition)
  const denied = shown.deny()
  await settle()
  expect(asked().at(-1)).toEqual(["deny", { pending: 2 }])
  shown.see(undefined, 0)
  await denied
  expect(shown.shown).toBeUndefined()
})

test("what changes nothing leaves the prompt as it is", () => {
  const { prompts: shown } = prompts()
  shown.see(of(1), 1)
  const { edition } = shown
  shown.see(of(1), 1)
  shown.see(of(1), 4)
  expect(shown.edition).toBe(edition)
  expect(shown.others).toBe(3)
})

test("a withdrawn call stays on the screen until it is closed, and the next takes its place after that", async () => {
  const { prompts: shown, asked } = prompts()
  shown.see(of(1), 1)
  shown.see(of(2), 1)
  expect(shown.shown?.pending).toBe(1)
  expect(shown.over).toBe(true)
  // It can be neither allowed nor denied any more.
  await shown.approve("always")
  await shown.deny()
  expect(asked()).toEqual([["pending_end", { pending: 1 }]])
  shown.close()
  expect(shown.shown?.pending).toBe(2)
  expect(shown.over).toBe(false)
  // Only what was withdrawn is closed without an answer.
  shown.close()
  expect(shown.shown?.pending).toBe(2)
})

test("what became of a call that no longer waits is what the core says, and nothing when it doesn't know", async () => {
  const { prompts: shown, shell } = prompts()
  shell.answers.pending_end = async () => "started"
  shown.see(of(1), 1)
  shown.see(undefined, 0)
  const { edition } = shown
  expect([shown.over, shown.end]).toEqual([true, undefined])
  await settle()
  expect(shown.end).toBe("started")
  expect(shown.edition).toBeGreaterThan(edition)
  shown.close()
  shell.answers.pending_end = () => Promise.reject({ code: "pending_not_found", message: "It is gone." })
  shown.see(of(2), 1)
  shown.see(undefined, 0)
  await settle()
  expect([shown.over, shown.end]).toEqual([true, undefined])
})

test("an answer that is not taken is told, and begins the waiting again", async () => {
  const { prompts: shown, shell } = prompts()
  shell.answers.approve = () => Promise.reject({ code: "not_allowed", message: "The program changed." })
  shown.see(of(1), 1)
  const { edition } = shown
  await shown.approve("once")
  expect(shown.trouble?.message).toBe("The program changed.")
  expect(shown.edition).toBeGreaterThan(edition)
  expect(shown.shown?.pending).toBe(1)
})

test("while an answer is on its way no other one is, and the next call waits for it", async () => {
  const { prompts: shown, shell, asked } = prompts()
  let done = () => {}
  shell.answers.approve = () => new Promise<void>((resolve) => (done = resolve))
  shown.see(of(1), 2)
  void shown.approve("once")
  void shown.approve("always")
  void shown.deny()
  expect(asked()).toHaveLength(1)
  shown.see(of(2), 1)
  expect(shown.shown?.pending).toBe(1)
  expect(shown.over).toBe(false)
  done()
  await settle()
  expect(shown.shown?.pending).toBe(2)
})

test("a prompt of another window is not shown in this one", () => {
  const { prompts: shown } = prompts(({ origin }) => origin === "console")
  shown.see(of(1, { origin: "page" }), 1)
  expect(shown.shown).toBeUndefined()
  shown.see(of(2, { origin: "console" }), 1)
  expect(shown.shown?.pending).toBe(2)
})

test("a page that asks again can be closed with the denial, and nothing else of it is shown", async () => {
  let ended = false
  const { prompts: shown, shell, asked } = prompts(({ origin }) => origin !== "page" || !ended)
  const page = (pending: number) => of(pending, { origin: "page", extension: "acme/volumes" })
  shown.see(page(1), 1)
  expect(shown.row).toBe(1)
  await shown.deny()
  shown.see(page(2), 1)
  expect(shown.row).toBe(2)
  // It asks again as soon as it is denied.
  shell.answers.deny = async () => shown.see(page(3), 1)
  await shown.denyAndEnd(async () => {
    expect(shown.shown?.pending).toBe(2)
    ended = true
  })
  expect(asked().at(-1)).toEqual(["deny", { pending: 2 }])
  expect(shown.shown).toBeUndefined()
  shown.see(page(3), 1)
  expect(shown.shown).toBeUndefined()
  shown.see(of(4), 1)
  expect([shown.shown?.pending, shown.row]).toEqual([4, 1])
})
