import type { Allow } from "../../ipc/generated/Allow"
import type { ReplayRowResult } from "../../ipc/generated/ReplayRowResult"
import type { ReplayState } from "../../ipc/generated/ReplayState"
import type { Skipped } from "../../ipc/generated/Skipped"
import { partName } from "../compare/words"
import { many } from "../text/numbers"

const SKIPPED: Record<Skipped, string> = {
  not_selected: "not selected",
  not_a_call: "recorded only, or part of an extension's start",
  canceled: "its recording was canceled or stopped",
  needs_host: "it uses a program, a file or an engine of this machine",
  needs_container: "it runs in a container",
  terminal: "it is a terminal: its input isn't recorded",
  incomplete: "its request body wasn't recorded completely",
  upgraded: "it changes to another protocol: what follows isn't recorded",
}

/** What became of a call: a word or two, and more about it. */
export function resultWords(result: ReplayRowResult): [string, string] {
  switch (result.kind) {
    case "waiting":
      return ["Waiting", ""]
    case "running":
      return ["Running…", ""]
    case "not_run":
      return ["Not run", "the replay was stopped"]
    case "same":
      return ["Same", result.allowed === 0 ? "" : many(result.allowed, "allowed difference")]
    case "different":
      return ["Differs", result.parts.map(partName).join(", ")]
    case "skipped":
      return ["Not run", SKIPPED[result.reason]]
    case "failed":
      return ["Failed", result.error.message]
  }
}

/** How many calls did what, without those that are none. */
export function countWords({ same, different, failed, skipped, whole, running }: ReplayState): string {
  const left = whole - same - different - failed - skipped
  const counts: [number, string][] = [
    [same, "same"],
    [different, "different"],
    [failed, "failed"],
    [running ? skipped : skipped + left, "not run"],
    [running ? left : 0, "to go"],
  ]
  return counts
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${count.toLocaleString("en")} ${what}`)
    .join(", ")
}

export type RuleKind = Allow["kind"] | "capture"

/** What a rule is called, what is typed for it, and what it does. */
export const RULE_KINDS: readonly { value: RuleKind; text: string; about: string }[] = [
  { value: "header", text: "Header", about: "A response header may have any value, or be missing" },
  { value: "path", text: "Value", about: "A value in a JSON body may be anything, or be missing" },
  { value: "type", text: "Type", about: "A value in a JSON body must have the recorded type" },
  { value: "range", text: "Range", about: "A number in a JSON body must be between two numbers" },
  { value: "matches", text: "Pattern", about: "A value in a JSON body must match a regular expression" },
  { value: "lines", text: "Lines", about: "Lines of text that match a regular expression are left out" },
  {
    value: "capture",
    text: "Capture",
    about: "A value of a response replaces {{name}}, and the recorded value, in later calls",
  },
]

export const kindText = (kind: RuleKind): string =>
  RULE_KINDS.find(({ value }) => value === kind)?.text ?? kind

/** What a rule is about. */
export function ruleValue(rule: Allow): string {
  switch (rule.kind) {
    case "header":
      return rule.name
    case "path":
    case "type":
      return rule.path
    case "range":
      return `${rule.path} from ${rule.min} to ${rule.max}`
    case "matches":
      return `${rule.path} matches ${rule.pattern}`
    case "lines":
      return rule.pattern
  }
}

/** A proposed rule as a question: before the value, the value, and after it. */
export function proposalWords(rule: Allow): [string, string, string] {
  if (rule.kind === "header") return ["Header", rule.name, "differs between two runs. Ignore it?"]
  if (rule.kind === "type") return ["Value", rule.path, "differs between two runs. Check only its type?"]
  if (rule.kind === "lines") return ["Lines like", rule.pattern, "differ between two runs. Leave them out?"]
  return [kindText(rule.kind), ruleValue(rule), "differs between two runs. Allow it?"]
}

export const isSameRule = (one: Allow, other: Allow): boolean =>
  one.kind === other.kind && ruleValue(one) === ruleValue(other)

/** What is typed for a rule. */
export interface RuleDraft {
  kind: RuleKind
  /** The name of a header or a captured value. */
  name: string
  path: string
  pattern: string
  min: string
  max: string
  /** The number of a call. */
  call: string
}

export const emptyDraft = (kind: RuleKind): RuleDraft => ({
  kind,
  name: "",
  path: "",
  pattern: "",
  min: "",
  max: "",
  call: "",
})

/** The rule that was typed; nothing while it isn't complete. */
export function ruleOf({ kind, name, path, pattern, min, max }: RuleDraft): Allow | undefined {
  const where = path.trim()
  switch (kind) {
    case "header":
      return name.trim() === "" ? undefined : { kind, name: name.trim() }
    case "path":
    case "type":
      return where === "" ? undefined : { kind, path: where }
    case "range": {
      const [from, to] = [numberOf(min), numberOf(max)]
      return where === "" || from === undefined || to === undefined
        ? undefined
        : { kind, path: where, min: from, max: to }
    }
    case "matches":
      return where === "" || pattern === "" ? undefined : { kind, path: where, pattern }
    case "lines":
      return pattern === "" ? undefined : { kind, pattern }
    case "capture":
      return undefined
  }
}

/** The capture that was typed. */
export function captureOf({ kind, name, path, call }: RuleDraft) {
  const number = numberOf(call)
  if (kind !== "capture" || name.trim() === "" || path.trim() === "") return undefined
  if (number === undefined || !Number.isInteger(number) || number < 1) return undefined
  return { name: name.trim(), call: number, path: path.trim() }
}

function numberOf(text: string): number | undefined {
  const number = Number(text)
  return text.trim() === "" || !Number.isFinite(number) ? undefined : number
}
