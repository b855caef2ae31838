import { expect, test, vi } from "vitest"
import { Page } from "../src/model/page/page.svelte"
import { Permissions } from "../src/model/permission/permissions.svelte"
import { Settings } from "../src/model/settings/settings.svelte"
import { frameName, originOf } from "../src/page/frame"
import { FakeShell, openedPage } from "./fake"

const opened = (server: string | null) =>
  openedPage({ url: server ?? "ext://aa/index.html", served: server !== null })

function setUp() {
  let answers = false
  const shell = new FakeShell({
    separate_storage: async () => {},
    open_page: async ({ server }) => {
      if (server?.includes("example.org"))
        throw { code: "page_server_invalid", message: "not of this machine" }
      return opened(server)
    },
    look_at_server: async () => {
      if (!answers) throw { code: "page_server_silent", message: "nobody there" }
    },
    close_page: async () => {},
    save_settings: async () => {},
  })
  const settings = new Settings(shell)
  return {
    shell,
    settings,
    page: new Page(shell, settings, new Permissions(shell)),
    answer: () => (answers = true),
  }
}

const looked = (shell: FakeShell) => shell.asked.filter(({ name }) => name === "look_at_server").length

test("a server that does not answer is waited for, and its page is shown when it does", async () => {
  const { page, answer } = setUp()
  await page.load("/tmp/x", "volumes")
  expect(page.shown).toBe(true)
  expect(await page.from("http://localhost:3000/")).toBe(true)
  await vi.waitFor(() => expect(page.served.trouble?.code).toBe("page_server_silent"))
  expect(page.shown).toBe(false)
  answer()
  page.served.again()
  await vi.waitFor(() => expect(page.shown).toBe(true))
  expect(page.served.trouble).toBeUndefined()
})

test("it is remembered for its extension alone, and a refused one is not", async () => {
  const { page, settings, shell } = setUp()
  await page.load("/tmp/x", "volumes")
  expect(await page.from("http://example.org")).toBe(false)
  expect(page.trouble?.code).toBe("page_server_invalid")
  expect(page.shown).toBe(true)
  expect(settings.servers).toEqual({})
  await page.from("http://localhost:3000/")
  expect(settings.servers).toEqual({ volumes: "http://localhost:3000/" })
  await page.load("/tmp/y", "other")
  expect(page.opened?.served).toBe(false)
  await page.load("/tmp/z", "volumes")
  expect(page.opened?.served).toBe(true)
  await page.from()
  expect(settings.servers).toEqual({})
  expect(shell.asked.filter(({ name }) => name === "open_page").at(-1)?.args).toMatchObject({
    folder: "/tmp/z",
    server: null,
  })
})

test("what is closed or loaded anew is not waited for any more", async () => {
  vi.useFakeTimers()
  const { page, shell, answer } = setUp()
  await page.load("/tmp/x", "volumes")
  await page.from("http://localhost:3000/")
  await vi.advanceTimersByTimeAsync(3000)
  expect(looked(shell)).toBe(4)
  page.unload()
  answer()
  await vi.advanceTimersByTimeAsync(5000)
  expect(looked(shell)).toBe(4)
  expect(page.shown).toBe(false)
  vi.useRealTimers()
})

test("a frame is called by its page's origin and facts only where nothing can be written into the page", () => {
  expect(frameName(opened(null))).toBe("")
  expect(frameName(opened("http://localhost:3000/#/a"))).toMatch(
    /^porthole: the page of \{"origin":"http:\/\/localhost:3000","facts":\{/,
  )
  expect(originOf("ext://aa/index.html")).toBe("ext://aa")
  expect(originOf("nothing")).toBe("")
})
