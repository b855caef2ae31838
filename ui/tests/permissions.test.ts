import { expect, test } from "vitest"
import { Page } from "../src/model/page/page.svelte"
import { Permissions } from "../src/model/permission/permissions.svelte"
import { Settings } from "../src/model/settings/settings.svelte"
import { FakeShell, openedPage } from "./fake"

function permissions() {
  const shell = new FakeShell({ set_permission: async () => {}, close_page: async () => {} })
  const permissions = new Permissions(shell)
  return { shell, permissions, asked: () => shell.asked.map(({ args }) => args) }
}

test("a kind that is set to allow is allowed when that is confirmed, and not before", async () => {
  const { permissions: of, asked } = permissions()
  await of.set("host", "allow")
  expect(asked()).toEqual([])
  expect(of.confirming).toBe("host")
  of.decline()
  await of.confirm()
  expect(asked()).toEqual([])
  await of.set("host", "allow")
  await of.confirm()
  expect(of.confirming).toBeUndefined()
  expect(asked()).toEqual([{ of: "host", permission: "allow" }])
})

test("what takes a permission away needs no confirmation", async () => {
  const { permissions: of, asked } = permissions()
  await of.set("service", "ask")
  await of.set("host", "record")
  expect(asked()).toHaveLength(2)
})

test("what was chosen for one page is not confirmed for the next", async () => {
  const { permissions: of, asked, shell } = permissions()
  const page = new Page(shell, new Settings(shell), of)
  page.show(openedPage())
  await of.set("host", "allow")
  page.show(openedPage())
  await of.confirm()
  await of.set("host", "allow")
  page.unload()
  await of.confirm()
  expect(asked()).toEqual([{}])
})
