import { render, screen, waitFor } from "@testing-library/svelte"
import userEvent from "@testing-library/user-event"
import { describe, expect, test } from "vitest"
import type { Allow } from "../../src/ipc/generated/Allow"
import type { ReplayRow } from "../../src/ipc/generated/ReplayRow"
import type { ReplayState } from "../../src/ipc/generated/ReplayState"
import type { Rules } from "../../src/ipc/generated/Rules"
import { Porthole } from "../../src/model/porthole.svelte"
import { bootstrap, changes, FakeShell } from "../fake"
import ReplayViews from "./ReplayViews.svelte"

const DATE: Allow = { kind: "header", name: "Date" }
const state = (more: Partial<ReplayState> = {}): ReplayState => ({
  session: 1,
  running: false,
  done: 3,
  whole: 3,
  same: 1,
  different: 1,
  failed: 0,
  skipped: 1,
  ...more,
})
const ROWS: ReplayRow[] = [
  { number: 1, title: "GET /a", recorded: 1, call: 4, result: { kind: "same", allowed: 1 } },
  { number: 2, title: "GET /b", recorded: 2, call: 5, result: { kind: "different", parts: ["headers"] } },
  { number: 3, title: "cat x", recorded: 3, result: { kind: "skipped", reason: "needs_host" } },
]

/** A window with a session; `see` tells it how far the replay is. */
async function window_() {
  let rules: Rules = {}
  const shell = new FakeShell({
    bootstrap: async () => bootstrap(),
    save_settings: async () => {},
    replay: async () => {},
    replay_stop: async () => {},
    replay_results: async ({ failed }) => {
      const rows = ROWS.filter(({ result }) => !failed || result.kind === "different")
      return { rows, total: rows.length, proposed: rules.allow?.length ? [] : [DATE] }
    },
    session_rules: async () => ({ rules, written: true }),
    set_session_rules: async (asked) => void (rules = asked.rules),
    compare_stop: async () => {},
    compare: async () => ({
      session: 1,
      proposed: [],
      comparison: {
        parts: [
          { part: "outcome", difference: { kind: "same" } },
          {
            part: "headers",
            difference: { kind: "fields", fields: [{ name: "Date", first: "a", second: "b" }] },
          },
          {
            part: "body",
            difference: {
              kind: "json",
              changes: [{ kind: "changed", path: "$['id']", first: "1", second: "2" }],
              more: 0,
            },
          },
        ],
      },
    }),
  })
  const porthole = new Porthole(shell)
  await porthole.begin()
  porthole.sessions.see([{ number: 1, name: "bug.porthole", path: "/bug.porthole" }], undefined)
  porthole.comparisons.replay(1)
  render(ReplayViews, { porthole })
  const see = (replay: ReplayState) => porthole.comparisons.replaying.see(changes(1, { replay }).replay)
  const asked = (name: string) => shell.asked.filter((one) => one.name === name).map(({ args }) => args)
  return { porthole, shell, see, asked, user: userEvent.setup() }
}

const results = () =>
  screen.getAllByRole("option").map((option) => option.textContent?.replace(/\s+/g, " ").trim())

describe("replaying a session", () => {
  test("host commands need a tick, and commands in containers a container", async () => {
    const { asked, porthole, user } = await window_()
    expect(screen.getByRole("dialog", { name: "Replay bug.porthole" })).toBeTruthy()
    const host = screen.getByRole<HTMLInputElement>("checkbox", { name: /Also run commands on this machine/ })
    expect(host.checked).toBe(false)
    await user.click(screen.getByRole("button", { name: "Replay" }))
    await user.click(host)
    await user.click(screen.getByRole("checkbox", { name: /Also run commands in acme_volumes-demo/ }))
    await user.click(screen.getByRole("button", { name: "Replay" }))
    expect(asked("replay")).toEqual([
      { session: 1, choices: { container: false, host: false, recorded_times: false } },
      { session: 1, choices: { container: true, host: true, recorded_times: false } },
    ])
    porthole.target.current = { ...porthole.target.current, container: undefined }
    const none = await screen.findByRole<HTMLInputElement>("checkbox", {
      name: /The target has no container/,
    })
    expect(none.disabled).toBe(true)
  })

  test("shows how far it is, and stops", async () => {
    const { see, asked, user } = await window_()
    see(state({ running: true, done: 1, same: 1, different: 0, skipped: 0 }))
    const bar = await screen.findByRole("progressbar")
    expect(bar.getAttribute("aria-valuenow")).toBe("33")
    expect(screen.getByRole("status").textContent).toBe("1 same, 2 to go")
    await user.click(screen.getByRole("button", { name: "Stop" }))
    expect(asked("replay_stop")).toHaveLength(1)
  })

  test("lists what became of each call; those that differ can be listed alone and compared by keys", async () => {
    const { see, asked, porthole, user } = await window_()
    see(state())
    await waitFor(() =>
      expect(results()).toEqual([
        "1 Same GET /a 1 allowed difference",
        "2 Differs GET /b Headers",
        "3 Not run cat x it uses a program, a file or an engine of this machine",
      ]),
    )
    await user.click(screen.getByRole("radio", { name: "Different or failed" }))
    await waitFor(() => expect(results()).toEqual(["2 Differs GET /b Headers"]))
    screen.getByRole("listbox", { name: "Results" }).focus()
    await user.keyboard("{ArrowDown}{Enter}")
    expect(asked("compare")).toEqual([{ first: 2, second: 5 }])
    await screen.findByText("Different: Headers, Body")
    await user.click(screen.getByRole("button", { name: "Close" }))
    expect(porthole.overlay).toBe("replay")
  })

  test("a call that wasn't made opens nothing", async () => {
    const { see, asked, user } = await window_()
    see(state())
    await user.click(await screen.findByText("cat x"))
    expect(asked("compare")).toEqual([])
  })
})

describe("the rules of a session", () => {
  test("a proposed rule is allowed with one click, and can be removed", async () => {
    const { see, asked, user } = await window_()
    see(state())
    await user.click(await screen.findByRole("button", { name: "Allow Date to differ" }))
    expect(asked("set_session_rules")).toEqual([{ session: 1, rules: { allow: [DATE], capture: [] } }])
    await waitFor(() => expect(screen.queryByRole("button", { name: "Allow Date to differ" })).toBeNull())
    await user.click(screen.getByText(/Allowed differences/))
    await user.click(screen.getByRole("button", { name: "Remove the rule Header Date" }))
    expect(asked("set_session_rules").at(-1)).toEqual({ session: 1, rules: { allow: [], capture: [] } })
  })

  test("a rule is typed; one that the shell refuses stays in the form with the reason", async () => {
    const { shell, asked, user } = await window_()
    await user.click(screen.getByText(/Allowed differences/))
    await user.click(await screen.findByRole("radio", { name: "Value" }))
    await user.type(screen.getByLabelText("Path"), "$.id{Enter}")
    await waitFor(() =>
      expect(asked("set_session_rules")).toEqual([
        { session: 1, rules: { allow: [{ kind: "path", path: "$.id" }], capture: [] } },
      ]),
    )
    await waitFor(() => expect(screen.getByLabelText<HTMLInputElement>("Path").value).toBe(""))
    shell.answers.set_session_rules = () =>
      Promise.reject({ code: "rule_invalid", message: "Invalid path: id" })
    await user.type(screen.getByLabelText("Path"), "id{Enter}")
    await screen.findByText("Invalid path: id")
    expect(screen.getByLabelText<HTMLInputElement>("Path").value).toBe("id")
  })
})

describe("the comparison", () => {
  test("is filtered, and any header or value can be allowed for the session", async () => {
    const { asked, porthole, user } = await window_()
    porthole.comparisons.compare(2, 5)
    await screen.findByText("Different: Headers, Body")
    const parts = () =>
      [...document.querySelectorAll<HTMLElement>("[data-part]")].map(({ dataset }) => dataset.part)
    expect(parts()).toEqual(["outcome", "headers", "body"])
    await user.click(screen.getByRole("checkbox", { name: "Only differences" }))
    expect(parts()).toEqual(["headers", "body"])
    await user.type(screen.getByRole("searchbox", { name: "Filter the differences" }), "id")
    expect(parts()).toEqual(["body"])
    await user.click(screen.getByRole("button", { name: "Allow $['id'] to differ" }))
    expect(asked("set_session_rules")).toEqual([
      { session: 1, rules: { allow: [{ kind: "path", path: "$['id']" }], capture: [] } },
    ])
    await waitFor(() => expect(asked("compare")).toHaveLength(2))
  })

  test("of calls without a session has no rules", async () => {
    const { shell, porthole } = await window_()
    shell.answers.compare = async () => ({
      proposed: [],
      comparison: {
        parts: [{ part: "headers", difference: { kind: "fields", fields: [{ name: "Date", first: "a" }] } }],
      },
    })
    porthole.comparisons.compare(2, 5)
    await screen.findByText("Different: Headers")
    expect(screen.queryByRole("button", { name: /^Allow/ })).toBeNull()
    expect(screen.queryByText(/Allowed differences/)).toBeNull()
  })
})
