import { afterEach, beforeEach, expect, test, vi } from "vitest"

import type { RequestedAccess } from "../src/ipc/generated/RequestedAccess"
import type { StartPlan } from "../src/ipc/generated/StartPlan"
import { InputGuard } from "../src/model/permission/guard.svelte"
import { groups, Starting } from "../src/model/extension/starting.svelte"
import type { Shell } from "../src/ipc/shell"

const ask = (level: RequestedAccess["level"], summary: string, value?: string): RequestedAccess => ({
  level,
  summary,
  ...(value === undefined ? {} : { value }),
})

const plan = (more: Partial<StartPlan> = {}): StartPlan => ({
  id: 7,
  engine: "default",
  services: [],
  asks: [],
  variables: [],
  content: "c",
  confirmed: false,
  not_read: [],
  ...more,
})

function starting(answer: StartPlan) {
  const asked: [string, unknown][] = []
  const shell = {
    ask: async (name: string, args: unknown) => {
      asked.push([name, args])
      return answer
    },
  } as unknown as Shell
  const started: number[] = []
  let decided = 0
  const deps = {
    start: async (id: number) => void started.push(id),
    failed: async () => {},
    decided: async () => void (decided += 1),
  }
  const guard = new InputGuard(
    () => Date.now(),
    () => true,
  )
  /** It is shown, and was there long enough. */
  const shown = () => {
    guard.begin()
    vi.advanceTimersByTime(600)
  }
  return { asked, started, shown, decided: () => decided, starting: new Starting(shell, deps, guard) }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test("nothing starts before it has been on screen and is confirmed", async () => {
  const { starting: it, started, shown } = starting(plan())
  await it.ask()
  await it.confirm()
  expect(started).toEqual([])
  shown()
  await it.confirm()
  expect(started).toEqual([7])
  await it.confirm()
  expect(started).toEqual([7])
})

test("a plan that can only be shown is never started", async () => {
  const missing = { code: "compose_missing", message: "Compose not found" } as const
  const { starting: it, started, shown } = starting(plan({ cannot_start: missing }))
  await it.ask()
  shown()
  await it.confirm()
  expect(started).toEqual([])
  expect(it.plan?.cannot_start?.code).toBe("compose_missing")
})

test("what was confirmed before starts at once, and what is canceled never", async () => {
  const before = starting(plan({ confirmed: true }))
  await before.starting.ask()
  expect(before.started).toEqual([7])
  const other = starting(plan())
  await other.starting.ask()
  await other.starting.cancel()
  other.shown()
  await other.starting.confirm()
  expect([other.started, other.decided()]).toEqual([[], 1])
})

test("a click that was meant for the plan before passes no variable and starts nothing", async () => {
  const {
    starting: it,
    asked,
    started,
    shown,
  } = starting(plan({ variables: [{ name: "A", state: "not_passed" }] }))
  await it.ask()
  await it.pass("A", true)
  shown()
  // A press began on what was shown, and is let go on what took its place.
  const press = { isTrusted: true, id: "pointer 1" }
  it.guard.down(press, "pass")
  await it.ask()
  it.guard.begin()
  it.guard.up(press)
  expect(it.guard.accepts(true, "pass")).toBe(false)
  await it.pass("A", true)
  await it.confirm()
  expect(started).toEqual([])
  expect(asked.map(([name]) => name)).toEqual(["start_plan", "start_plan"])
})

test("a variable is passed for this content, and what that changes is shown", async () => {
  const {
    starting: it,
    asked,
    shown,
  } = starting(
    plan({
      variables: [
        { name: "A", state: "passed" },
        { name: "B", state: "not_passed" },
      ],
    }),
  )
  await it.ask(true)
  shown()
  await it.pass("B", true)
  shown()
  await it.pass("A", false)
  expect(asked).toEqual([
    ["start_plan", { again: true }],
    ["allow_variables", { content: "c", names: ["A", "B"] }],
    ["start_plan", { again: true }],
    ["allow_variables", { content: "c", names: [] }],
    ["start_plan", { again: true }],
  ])
})

test("what gives control stands first, and the same of two services once", () => {
  const service = (name: string, asks: RequestedAccess[]) => ({
    name,
    source: { kind: "present" as const },
    asks,
  })
  const found = groups(
    plan({
      services: [
        service("a", [ask("notice", "Restarts"), ask("access", "Port", "80")]),
        service("b", [
          ask("control", "Privileged"),
          ask("access", "Port", "80"),
          ask("access", "Port", "81"),
        ]),
      ],
      asks: [ask("control", "Volume")],
    }),
  )
  expect(found.map(({ level }) => level)).toEqual(["control", "access", "notice"])
  expect(found[0]?.rows.map((row) => [row.ask.summary, row.services])).toEqual([
    ["Privileged", ["b"]],
    ["Volume", []],
  ])
  expect(found[1]?.rows.map((row) => row.services)).toEqual([["a", "b"], ["b"]])
})
