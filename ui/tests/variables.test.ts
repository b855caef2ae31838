import { expect, test } from "vitest"
import type { UsedVariable } from "../src/ipc/generated/UsedVariable"
import { meaningText, usesIn } from "../src/model/composer/variable-uses"
import { UsedVariables } from "../src/model/composer/variables.svelte"
import { FakeShell } from "./fake"

const names = (text: string) => usesIn(text).map(({ name, from, to }) => [name, text.slice(from, to)])

test("variables are found as the shell replaces them", () => {
  expect(names('{"a": "{{one}}", "b": {{ two.b-1 }}}')).toEqual([
    ["one", "{{one}}"],
    ["two.b-1", "{{ two.b-1 }}"],
  ])
  // Escaped, no name, a word of Go templates, and another one that isn't closed.
  expect(names("\\{{one}} {{1x}} {{.Names}} {{end}} {{one} }} {{")).toEqual([])
  expect(names(`{{${"x".repeat(65)}}}`)).toEqual([])
})

test("a tooltip tells a value, hides a secret, and says what is unknown", () => {
  expect(meaningText("a", { kind: "value", value: "pg data" })).toBe("pg data")
  expect(meaningText("a", { kind: "secret" })).toBe("a: secret")
  expect(meaningText("a", { kind: "unknown" })).toBe("Unknown variable: a")
})

test("a text with unknown variables can't be sent, and names them", () => {
  const variables = new UsedVariables(new FakeShell({}))
  expect(variables.problemIn("{{a}}")).toBeUndefined()
  const unknown = (name: string): UsedVariable => ({ name, meaning: { kind: "unknown" } })
  variables.used = [unknown("a"), unknown("b"), { name: "c", meaning: { kind: "secret" } }]
  expect(variables.problemIn("x {{c}}")).toBeUndefined()
  expect(variables.problemIn("x {{a}}")).toBe("Unknown variable: a")
  expect(variables.problemIn("{{b}} {{c}} {{a}}")).toBe("Unknown variables: a, b")
})
