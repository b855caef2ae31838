import { expect, test } from "vitest"
import type { Allow } from "../src/ipc/generated/Allow"
import type { ReplayList } from "../src/ipc/generated/ReplayList"
import type { ReplayRow } from "../src/ipc/generated/ReplayRow"
import type { ReplayState } from "../src/ipc/generated/ReplayState"
import type { Rules } from "../src/ipc/generated/Rules"
import { Comparisons } from "../src/model/compare/comparisons"
import { Replaying } from "../src/model/replay/replaying.svelte"
import { RuleEditor } from "../src/model/replay/rules.svelte"
import {
  captureOf,
  countWords,
  emptyDraft,
  proposalWords,
  resultWords,
  ruleOf,
  ruleValue,
} from "../src/model/replay/words"
import { FakeShell, settle } from "./fake"

const state = (more: Partial<ReplayState> = {}): ReplayState => ({
  session: 1,
  running: true,
  done: 0,
  whole: 1000,
  same: 0,
  different: 0,
  failed: 0,
  skipped: 0,
  ...more,
})
const row = (number: number): ReplayRow => ({
  number,
  title: `GET /${number}`,
  recorded: number,
  call: number + 1000,
  result: { kind: "same", allowed: 0 },
})
const list = (from: number, count: number, total = 1000): ReplayList => ({
  rows: Array.from({ length: Math.min(count, total - from) }, (_, n) => row(from + n + 1)),
  total,
  proposed: [],
})

const asked = (shell: FakeShell, name: string) =>
  shell.asked.filter((one) => one.name === name).map(({ args }) => args)

test("a replay does what was chosen, and what is chosen for one session isn't for another", async () => {
  const shell = new FakeShell({ replay: async () => {}, replay_stop: async () => {} })
  const replaying = new Replaying(shell)
  replaying.show(1)
  replaying.choose({ host: true })
  await replaying.start()
  await replaying.stop()
  expect(asked(shell, "replay")).toEqual([
    { session: 1, choices: { container: false, host: true, recorded_times: false } },
  ])
  expect(asked(shell, "replay_stop")).toEqual([{}])
  replaying.show(1)
  expect(replaying.choices.host).toBe(true)
  replaying.show(2)
  expect(replaying.choices.host).toBe(false)
})

test("a refused replay says why", async () => {
  const refused = { code: "container_not_found", message: "The target has no container" } as const
  const replaying = new Replaying(new FakeShell({ replay: () => Promise.reject(refused) }))
  replaying.show(1)
  await replaying.start()
  expect(replaying.trouble).toEqual(refused)
})

test("only rows near those that are seen are held, however many calls there are", async () => {
  const shell = new FakeShell({ replay_results: async ({ from, count }) => list(from, count) })
  const replaying = new Replaying(shell)
  replaying.show(1)
  replaying.see(state({ done: 1000, same: 1000, running: false }))
  await settle()
  expect([replaying.from, replaying.rows.length, replaying.total]).toEqual([0, 200, 1000])
  replaying.look(100, 120)
  expect(asked(shell, "replay_results")).toHaveLength(1)
  replaying.look(600, 620)
  await settle()
  expect([replaying.from, replaying.rows.length]).toEqual([550, 200])
  expect(replaying.rows[0]?.number).toBe(551)
  replaying.setOnlyFailed(true)
  await settle()
  expect(asked(shell, "replay_results").at(-1)).toEqual({ from: 0, count: 200, failed: true })
})

test("results are pulled when there are more, one answer at a time, and only while somebody looks", async () => {
  const waiting: (() => void)[] = []
  const shell = new FakeShell({
    replay_results: ({ from, count }) => new Promise((yes) => waiting.push(() => yes(list(from, count)))),
  })
  const replaying = new Replaying(shell)
  replaying.see(state({ done: 1 }))
  expect(waiting).toHaveLength(0)
  replaying.show(1)
  replaying.see(state({ done: 2 }))
  replaying.see(state({ done: 3 }))
  expect(waiting).toHaveLength(1)
  waiting[0]!()
  await settle()
  expect(waiting).toHaveLength(2)
  waiting[1]!()
  await settle()
  replaying.see(state({ done: 3 }))
  expect(waiting).toHaveLength(2)
  replaying.close()
  replaying.see(state({ done: 4 }))
  expect([waiting.length, replaying.rows.length]).toEqual([2, 0])
})

test("the replay of another session isn't shown as this one's", () => {
  const replaying = new Replaying(new FakeShell())
  replaying.show(2)
  replaying.see(state({ session: 1 }))
  expect([replaying.state, replaying.running]).toEqual([undefined, 1])
  replaying.see(state({ session: 1, running: false }))
  expect(replaying.running).toBeUndefined()
})

const DATE: Allow = { kind: "header", name: "Date" }

function rulesShell(rules: Rules) {
  let now = rules
  return new FakeShell({
    session_rules: async () => ({ rules: now, written: true }),
    set_session_rules: async ({ rules }) => void (now = rules),
  })
}

test("a rule is added once, and removed", async () => {
  const shell = rulesShell({})
  let changed = 0
  const rules = new RuleEditor(shell, () => (changed += 1))
  await rules.load(3)
  expect(await rules.add(DATE)).toBe(true)
  expect(await rules.add({ ...DATE })).toBe(true)
  await rules.addCapture({ name: "id", call: 1, path: "$.id" })
  expect(asked(shell, "set_session_rules")).toEqual([
    { session: 3, rules: { allow: [DATE], capture: [] } },
    { session: 3, rules: { allow: [DATE], capture: [{ name: "id", call: 1, path: "$.id" }] } },
  ])
  await rules.remove(rules.allow[0]!)
  expect([rules.allow, rules.capture.length, changed]).toEqual([[], 1, 3])
})

test("rules that are added while the file is written are written together, and those of another session too", async () => {
  const written: (() => void)[] = []
  const shell = new FakeShell({
    session_rules: async () => ({ rules: {}, written: true }),
    set_session_rules: () => new Promise<void>((resolve) => written.push(resolve)),
  })
  let changed = 0
  const rules = new RuleEditor(shell, () => (changed += 1))
  await rules.load(1)
  const header = (name: string): Allow => ({ kind: "header", name })
  const all = ["a", "b", "c", "d"].map((name) => rules.add(header(name)))
  expect([rules.allow.length, rules.busy, written.length]).toEqual([4, true, 1])
  const loading = rules.load(2)
  written[0]!()
  await settle()
  expect(asked(shell, "set_session_rules")).toEqual([
    { session: 1, rules: { allow: [header("a")], capture: [] } },
    { session: 1, rules: { allow: ["a", "b", "c", "d"].map(header), capture: [] } },
  ])
  written[1]!()
  await loading
  expect(await Promise.all(all)).toEqual([true, true, true, true])
  expect([rules.busy, changed, rules.allow]).toEqual([false, 1, []])
})

test("a rule that is refused isn't there, and rules that can't be read can be removed", async () => {
  const invalid = { code: "rule_invalid", message: "Invalid path: id" } as const
  const shell = new FakeShell({
    session_rules: async () => ({ rules: { allow: [DATE] }, written: true }),
    set_session_rules: () => Promise.reject(invalid),
  })
  const rules = new RuleEditor(shell, () => {})
  await rules.load(1)
  expect(await rules.add({ kind: "path", path: "id" })).toBe(false)
  expect([rules.allow, rules.trouble]).toEqual([[DATE], invalid])
  shell.answers.session_rules = () => Promise.reject(invalid)
  await rules.load(2)
  expect([rules.loaded, rules.trouble]).toEqual([false, invalid])
  shell.answers.set_session_rules = async () => {}
  await rules.clear()
  expect([rules.loaded, rules.allow, rules.trouble]).toEqual([true, [], undefined])
})

test("a rule that is refused for one session doesn't keep the rules of another from being written", async () => {
  const invalid = { code: "rule_invalid", message: "Invalid path: id" } as const
  const waiting: (() => void)[] = []
  const shell = new FakeShell({
    session_rules: async () => ({ rules: {}, written: true }),
    set_session_rules: ({ session }) =>
      new Promise<void>((resolve, reject) =>
        waiting.push(() => (session === 1 ? reject(invalid) : resolve())),
      ),
  })
  const rules = new RuleEditor(shell, () => {})
  await rules.load(1)
  const first = rules.add(DATE)
  void rules.load(2)
  const added = rules.add(DATE)
  const cleared = rules.clear()
  waiting[0]!()
  await settle()
  expect(asked(shell, "set_session_rules").at(-1)).toEqual({ session: 2, rules: {} })
  waiting[1]!()
  await cleared
  expect([await first, rules.trouble]).toEqual([false, undefined])
  await settle()
  expect(asked(shell, "set_session_rules").at(-1)).toEqual({
    session: 2,
    rules: { allow: [DATE], capture: [] },
  })
  waiting[2]!()
  expect([await added, rules.allow]).toEqual([true, [DATE]])
  await rules.load(1)
  expect([rules.trouble, rules.allow]).toEqual([invalid, []])
})

test("a replay is of the session that it was begun for, and isn't begun when its rules were refused", async () => {
  const invalid = { code: "rule_invalid", message: "Invalid path: id" } as const
  const waiting: { yes: () => void; no: (why: unknown) => void }[] = []
  const shell = new FakeShell({
    session_rules: async () => ({ rules: {}, written: true }),
    set_session_rules: () => new Promise<void>((yes, no) => waiting.push({ yes, no })),
    replay: async () => {},
  })
  const rules = new RuleEditor(shell, () => {})
  const replaying = new Replaying(shell, (session) => rules.settled(session))
  await rules.load(1)
  replaying.show(1)
  void rules.add(DATE)
  const begun = replaying.start()
  replaying.show(2)
  waiting[0]!.yes()
  await begun
  expect(asked(shell, "replay")).toMatchObject([{ session: 1 }])
  replaying.show(1)
  void rules.remove(DATE)
  const refused = replaying.start()
  waiting[1]!.no(invalid)
  await refused
  expect([asked(shell, "replay").length, replaying.trouble]).toEqual([1, invalid])
})

test("a comparison is made again when a rule is added, and leads back to the replay", async () => {
  const shell = new FakeShell({
    ...rulesShell({}).answers,
    compare: async () => ({ comparison: { parts: [] }, session: 1, proposed: [DATE] }),
    compare_stop: async () => {},
  })
  const opened: (string | undefined)[] = []
  const comparisons = new Comparisons(shell, (dialog) => opened.push(dialog))
  comparisons.replay(1)
  comparisons.compare(5, 9, "replay")
  await settle()
  expect(comparisons.comparing.proposed).toEqual([DATE])
  await comparisons.rules.add(DATE)
  await settle()
  expect(asked(shell, "compare")).toHaveLength(2)
  comparisons.closeComparison()
  comparisons.compare(5, 9)
  comparisons.closeComparison()
  expect(opened).toEqual(["replay", "compare", "replay", "compare", undefined])
})

test("results in words", () => {
  expect(resultWords({ kind: "different", parts: ["headers", "body"] })).toEqual(["Differs", "Headers, Body"])
  expect(resultWords({ kind: "same", allowed: 2 })).toEqual(["Same", "2 allowed differences"])
  expect(resultWords({ kind: "skipped", reason: "needs_host" })[0]).toBe("Not run")
  expect(countWords(state({ same: 2, skipped: 1, whole: 5 }))).toBe("2 same, 1 not run, 2 to go")
  expect(countWords(state({ same: 2, skipped: 1, whole: 5, running: false }))).toBe("2 same, 3 not run")
})

test("what is typed for a rule is one when it is complete", () => {
  const draft = (kind: Parameters<typeof emptyDraft>[0], more: object) => ({ ...emptyDraft(kind), ...more })
  expect(ruleOf(draft("header", { name: " Date " }))).toEqual(DATE)
  expect(ruleOf(draft("range", { path: "$.n", min: "0", max: "1e2" }))).toEqual({
    kind: "range",
    path: "$.n",
    min: 0,
    max: 100,
  })
  for (const incomplete of [
    draft("header", { name: " " }),
    draft("range", { path: "$.n", min: "", max: "1" }),
    draft("range", { path: "$.n", min: "x", max: "1" }),
    draft("matches", { path: "$.n" }),
    draft("lines", {}),
    draft("capture", { name: "id", path: "$.id", call: "1" }),
  ]) {
    expect(ruleOf(incomplete)).toBeUndefined()
  }
  expect(captureOf(draft("capture", { name: "id", path: "$.id", call: "2" }))).toEqual({
    name: "id",
    path: "$.id",
    call: 2,
  })
  expect(captureOf(draft("capture", { name: "id", path: "$.id", call: "0" }))).toBeUndefined()
  expect(ruleValue({ kind: "range", path: "$.n", min: 0, max: 9 })).toBe("$.n from 0 to 9")
  expect(proposalWords(DATE)).toEqual(["Header", "Date", "differs between two runs. Ignore it?"])
  const lines = proposalWords({ kind: "lines", pattern: "^took [0-9]+ ms$" })
  expect(lines).toEqual(["Lines like", "^took [0-9]+ ms$", "differ between two runs. Leave them out?"])
})

test("a replay that ends as the last one did, before anybody looked, still has its results", async () => {
  let results: ReplayRow["result"] = { kind: "waiting" }
  const shell = new FakeShell({
    replay: async () => {},
    replay_results: async () => ({ rows: [{ ...row(1), result: results }], total: 1, proposed: [] }),
  })
  const replaying = new Replaying(shell)
  replaying.show(1)
  const ended = state({ running: false, done: 1, same: 1, whole: 1 })
  replaying.see(ended)
  await settle()
  await replaying.start()
  await settle()
  expect(replaying.rows.map(({ result }) => result.kind)).toEqual(["waiting"])
  results = { kind: "same", allowed: 0 }
  replaying.see({ ...ended })
  await settle()
  expect(replaying.rows.map(({ result }) => result.kind)).toEqual(["same"])
  // From now on nothing changes.
  const before = asked(shell, "replay_results").length
  replaying.see({ ...ended })
  await settle()
  expect(asked(shell, "replay_results").length).toBe(before)
})
