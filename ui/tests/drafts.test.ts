import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { authorizationOf, readAuthorization, withAuthorization } from "../src/model/composer/authorization"
import { Drafts } from "../src/model/composer/drafts.svelte"
import { RequestForm } from "../src/model/composer/request.svelte"
import { Settings } from "../src/model/settings/settings.svelte"
import { FakeShell, request } from "./fake"

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

function made() {
  const settings = new Settings(new FakeShell({ save_settings: async () => {} }))
  const drafts = new Drafts(settings)
  const names = () => settings.saved.map((saved) => saved.name)
  const draft = (path: string) => ({ kind: "request" as const, ...request("GET", path) })
  return { settings, drafts, names, draft }
}

test("a saved draft is a new entry, which is selected; a name that is taken replaces the other", () => {
  const { settings, drafts, names, draft } = made()
  drafts.save("/a", draft("/a"))
  expect(drafts.save("/a", draft("/b"))).toBe("/a 2")
  expect([names(), drafts.selected?.name]).toEqual([["/a", "/a 2"], "/a 2"])
  drafts.rename("/a 2", " mine ")
  expect([names(), drafts.selected?.name]).toEqual([["/a", "mine"], "mine"])
  drafts.rename("mine", "/a")
  expect(settings.saved).toEqual([{ name: "/a", composed: draft("/b") }])
  drafts.rename("/a", "  ")
  expect(names()).toEqual(["/a"])
  expect(drafts.save(" ", draft("/"))).toBe("Untitled")
})

test("a deleted entry can be put back at its place for ten seconds", () => {
  const { settings, drafts, names, draft } = made()
  for (const name of ["a", "b", "c"]) drafts.save(name, draft(`/${name}`))
  expect(drafts.duplicate(settings.saved[0]!)).toBe("a copy")
  expect(names()).toEqual(["a", "a copy", "b", "c"])
  drafts.delete(settings.saved[2]!)
  expect(names()).toEqual(["a", "a copy", "c"])
  drafts.save("b", draft("/other"))
  drafts.undo()
  expect(names()).toEqual(["a", "a copy", "b 2", "c", "b"])
  expect([drafts.deleted, drafts.selected?.composed]).toEqual([undefined, draft("/b")])
  drafts.delete(settings.saved[0]!)
  vi.advanceTimersByTime(9_999)
  expect(drafts.deleted).toBeDefined()
  vi.advanceTimersByTime(1)
  drafts.undo()
  expect(names()).toEqual(["a copy", "b 2", "c", "b"])
})

test("the Authorization header is written and read back", () => {
  const basic = authorizationOf({ scheme: "Basic", user: "zoë", password: "a:b" })
  expect(basic).toBe("Basic em/DqzphOmI=")
  expect(readAuthorization([{ name: "authorization", value: basic }])).toEqual({
    scheme: "Basic",
    user: "zoë",
    password: "a:b",
  })
  expect(authorizationOf({ scheme: "Bearer", token: " t " })).toBe("Bearer t")
  expect(readAuthorization([{ name: "Authorization", value: "bearer t" }])).toEqual({
    scheme: "Bearer",
    token: "t",
  })
  for (const value of ["Basic ///", "Basic", "Digest x", ""]) {
    expect(readAuthorization([{ name: "Authorization", value }])).toBeUndefined()
  }
  const rows = [
    { name: "A", value: "1" },
    { name: "AUTHORIZATION", value: "x", off: true },
  ]
  expect(withAuthorization(rows, "y")).toEqual([rows[0], { name: "AUTHORIZATION", value: "y" }])
  expect(withAuthorization([], "y")).toEqual([{ name: "Authorization", value: "y" }])
})

test("forms are kept in a draft with what is switched off in them", () => {
  const form = new RequestForm()
  form.bodyKind = "form"
  form.fields = [
    { name: "a", value: "1", off: true },
    { name: "b", value: "é" },
  ]
  const asked = form.request()
  expect(asked.body).toEqual({ kind: "form", fields: [{ name: "b", value: "é" }] })
  form.bodyKind = "multipart"
  form.parts = [
    { name: "t", kind: "text", text: "x", path: "/unused", filename: "", contentType: "", off: false },
    { name: "f", kind: "file", text: "unused", path: "/f", filename: "n", contentType: " a/b ", off: false },
    { name: "", kind: "text", text: "", path: "/unused", filename: "", contentType: "", off: false },
  ]
  expect(form.request().body).toEqual({
    kind: "multipart",
    parts: [
      { name: "t", content: { kind: "text", text: "x" } },
      { name: "f", content: { kind: "file", path: "/f" }, filename: "n", contentType: "a/b" },
    ],
  })
  const again = new RequestForm()
  again.load(asked)
  expect(again.fields).toEqual(form.fields)
  again.load(form.request())
  expect(again.request()).toEqual(form.request())
})
