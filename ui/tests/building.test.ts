import { expect, test } from "vitest"
import type { Outcome } from "../src/ipc/generated/Outcome"
import type { PackageCommand } from "../src/ipc/generated/PackageCommand"
import type { Summary } from "../src/ipc/generated/Summary"
import { Building } from "../src/model/extension/building.svelte"
import { FakeShell } from "./fake"

const build: PackageCommand = {
  command: {
    place: { kind: "host" },
    program: "npm",
    args: ["run", "build"],
    cwd: "/x/ui",
    env: [],
    envMode: "add",
  },
  scripts: [{ name: "build", text: "vite build" }],
  also: [],
  whole: true,
}

test("exactly the command that was shown runs, once at a time, and how it ended is known", async () => {
  const shell = new FakeShell({ run_project_step: async () => 7 })
  let outcome: Outcome | undefined
  const began: number[] = []
  const building = new Building(shell, {
    row: (id) => (outcome && id === 7 ? ({ outcome } as Summary) : undefined),
    began: (id) => void began.push(id),
    changed: () => {},
  })
  expect(building.state("/x/ui")).toEqual({ kind: "none" })
  await building.start("build", build)
  expect(shell.asked.map(({ name, args }) => [name, args])).toEqual([
    ["run_project_step", { step: "build", shown: build }],
  ])
  expect(began).toEqual([7])
  outcome = { kind: "running" }
  expect(building.state("/x/ui")).toEqual({ kind: "running" })
  // That of another folder is no matter of this one.
  expect(building.state("/y")).toEqual({ kind: "none" })
  await building.start("build", build)
  expect(shell.asked).toHaveLength(1)
  outcome = { kind: "ended", ending: { kind: "exited", code: 2 } }
  expect(building.state("/x/ui")).toEqual({ kind: "failed", how: "ended with exit code 2" })
  outcome = { kind: "cancelled" }
  expect(building.state("/x/ui")).toMatchObject({ kind: "failed" })
  outcome = { kind: "ended", ending: { kind: "exited", code: 0 } }
  expect(building.state("/x/ui")).toEqual({ kind: "done" })
})

test("a command that can't be started says why", async () => {
  const shell = new FakeShell({
    run_project_step: () => Promise.reject({ code: "program_not_found", message: "Program not found: npm" }),
  })
  const building = new Building(shell, { row: () => undefined, began: () => {}, changed: () => {} })
  await building.start("build", build)
  expect(building.trouble?.message).toContain("npm")
  expect(building.busy).toBe(false)
})

test("a command ran other scripts than those that were shown", async () => {
  const shell = new FakeShell({
    run_project_step: () => Promise.reject({ code: "project_changed", message: "Not started" }),
  })
  let changed = 0
  const building = new Building(shell, {
    row: () => undefined,
    began: () => {},
    changed: () => void (changed += 1),
  })
  await building.start("build", build)
  // What was shown goes along, and what there is now is shown.
  expect(shell.asked.map(({ name, args }) => [name, args])).toEqual([
    ["run_project_step", { step: "build", shown: build }],
  ])
  expect(changed).toBe(1)
  expect([building.run, building.trouble?.code]).toEqual([undefined, "project_changed"])
})
