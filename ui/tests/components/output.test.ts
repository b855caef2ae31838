import { render, screen, waitFor } from "@testing-library/svelte"
import userEvent from "@testing-library/user-event"
import { beforeEach, describe, expect, test, vi } from "vitest"
import type { UsedVariable } from "../../src/ipc/generated/UsedVariable"
import { Porthole } from "../../src/model/porthole.svelte"
import { Acts } from "../../src/views/window/acts"
import { bootstrap, FakeShell, line, openedPage, summary } from "../fake"
import OutputViews from "./OutputViews.svelte"

const TEXTS = [
  "plain",
  "see http://a.example/b?c=1 and https://d.example/",
  "at src/main.rs:3:5",
  '  File "/app/my file.py", line 3, in f',
  "plain again",
]

beforeEach(() => {
  // Nothing is laid out here: the log is as high as 20 rows.
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(400)
  return () => vi.restoreAllMocks()
})

async function log() {
  const copied: string[] = []
  const shell = new FakeShell({
    bootstrap: async () => bootstrap(),
    save_settings: async () => {},
    open_link: async () => {},
    open_source: async () => true,
    lines: async () => ({
      from: 0,
      total: TEXTS.length,
      lines: TEXTS.map((text, n) => line(n, { text })),
    }),
  })
  const porthole = new Porthole(shell, async (text) => void copied.push(text))
  await porthole.begin()
  const counts = {
    stdout: { bytes: 90, lines: TEXTS.length },
    stderr: { bytes: 0, lines: 0 },
    chunks: 1,
  }
  porthole.timeline.rows = [summary(1, { http: false, counts })]
  porthole.show(1)
  render(OutputViews, { part: "log", porthole })
  porthole.output.lines.fit(20)
  await waitFor(() => expect(document.querySelectorAll("#log .line")).toHaveLength(TEXTS.length))
  const opened = () => shell.asked.filter(({ name }) => name.startsWith("open_")).map(({ args }) => args)
  return { porthole, copied, opened, user: userEvent.setup() }
}

const items = () => screen.getAllByRole("menuitem").map((item) => item.textContent?.trim())

describe("links in a log", () => {
  test("are in the menu of their row, which keys open", async () => {
    const { copied, opened, user } = await log()
    document.getElementById("log")!.focus()
    await user.keyboard("{Control>}{ArrowDown}{ArrowDown}{/Control}")
    await waitFor(() => expect(document.querySelector(".pointed")?.textContent).toContain("a.example"))
    expect(screen.getByRole("status").textContent).toContain("Line 2: see http://a.example")
    expect(screen.getByRole("status").textContent).toContain("2 links")
    await user.keyboard("{Shift>}{F10}{/Shift}")
    await screen.findByRole("menu")
    expect(items().slice(0, 4)).toEqual([
      "Open http://a.example/b?c=1",
      "Copy link address",
      "Open https://d.example/",
      "Copy link address",
    ])
    await user.keyboard("{ArrowDown}{Enter}")
    await waitFor(() => expect(screen.queryByRole("menu")).toBeNull())
    await waitFor(() => expect(document.activeElement?.id).toBe("log"))
    expect([copied, opened()]).toEqual([["http://a.example/b?c=1"], []])
    await user.keyboard("{Shift>}{F10}{/Shift}")
    await screen.findByRole("menu")
    await user.keyboard("{Enter}")
    await waitFor(() => expect(opened()).toEqual([{ url: "http://a.example/b?c=1" }]))
  })

  test("a place in a file is copied, and opened where an extension is open; Enter opens the menu too", async () => {
    const { porthole, copied, opened, user } = await log()
    document.getElementById("log")!.focus()
    await user.keyboard("{Control>}{ArrowDown>4/}{/Control}{Enter}")
    await screen.findByRole("menu")
    expect(items()[0]).toBe("Copy /app/my file.py:3")
    await user.keyboard("{Enter}")
    await waitFor(() => expect(copied).toEqual(["/app/my file.py:3"]))
    porthole.page.opened = openedPage()
    await waitFor(() => expect(document.activeElement?.id).toBe("log"))
    await user.keyboard("{Control>}{ArrowUp}{/Control}{Enter}")
    await screen.findByRole("menu")
    expect(items().slice(0, 2)).toEqual(["Open src/main.rs", "Copy src/main.rs:3:5"])
    await user.keyboard("{Enter}")
    await waitFor(() => expect(opened()).toEqual([{ file: "src/main.rs" }]))
  })

  test("Enter on a row without links opens nothing", async () => {
    const { user } = await log()
    document.getElementById("log")!.focus()
    await user.keyboard("{Control>}{ArrowDown}{/Control}{Enter}")
    expect(screen.queryByRole("menu")).toBeNull()
  })
})

describe("all links in sight", () => {
  test("are listed together by a shortcut, each once", async () => {
    const { porthole } = await log()
    // Nothing is laid out here: all rows are in sight.
    vi.spyOn(Element.prototype, "getBoundingClientRect").mockReturnValue(new DOMRect(0, 0, 300, 400))
    expect(new Acts(porthole, { save: () => {} }).perform("links")).toBe(true)
    await screen.findByRole("menu", { name: "Links" })
    expect(items()).toEqual([
      "Open http://a.example/b?c=1",
      "Copy link address",
      "Open https://d.example/",
      "Copy link address",
      "Copy src/main.rs:3:5",
      "Copy /app/my file.py:3",
    ])
  })
})

describe("the JSON editor", () => {
  const variables: UsedVariable[] = [
    { name: "volume", meaning: { kind: "value", value: "pg data" } },
    { name: "token", meaning: { kind: "secret" } },
    { name: "nope", meaning: { kind: "unknown" } },
  ]

  async function editor(text: string) {
    const shell = new FakeShell({ bootstrap: async () => bootstrap(), save_settings: async () => {} })
    const porthole = new Porthole(shell)
    await porthole.begin()
    render(OutputViews, { part: "json", porthole, text, variables })
    await screen.findByRole("textbox", { name: "JSON body" })
  }

  test("marks variables and underlines those that are unknown, with what they mean", async () => {
    await editor(
      '{"a": "{{volume}}", "b": "{{ nope }}", "c": "{{token}}", "d": "{{other}} \\{{nope}} {{.Names}}"}',
    )
    await waitFor(() => expect(document.querySelectorAll("[data-variable]")).toHaveLength(3))
    const marks = [...document.querySelectorAll<HTMLElement>("[data-variable]")].map((mark) => [
      mark.textContent,
      mark.dataset.tooltip,
      mark.classList.contains("unknown"),
    ])
    expect(marks).toEqual([
      ["{{volume}}", "pg data", false],
      ["{{ nope }}", "Unknown variable: nope", true],
      ["{{token}}", "token: secret", false],
    ])
  })
})
