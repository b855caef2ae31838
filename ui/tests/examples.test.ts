import ts from "typescript"
import { expect, test } from "vitest"
import { GROUPS } from "../src/model/console/example"
import { examples } from "../src/model/console/examples"
import { diagnostics } from "../src/language/features"
import { compile } from "../src/language/compile"
import { CODE, reading } from "../src/language/service"
import { lints } from "../src/language/lints/lints"
import { CURRENT } from "../src/language/lints/deprecated"
import { sdkCalls } from "../src/language/sdk-calls"

/** All functions of a type, by the path to them, and those of what they return. */
function membersOf(expression: string): { calls: string[]; results: string[] } {
  const program = reading(`export const walked = ${expression}`).getProgram()!
  const checker = program.getTypeChecker()
  const file = program.getSourceFile(CODE)!
  const calls: string[] = []
  const results = new Set<string>()
  const walk = (type: ts.Type, path: string): void => {
    for (const member of type.getProperties()) {
      const of = checker.getTypeOfSymbolAtLocation(member, file)
      const name = path === "" ? member.name : `${path}.${member.name}`
      const signatures = of.getCallSignatures()
      if (signatures.length > 0) calls.push(name)
      else if (of.flags & ts.TypeFlags.Object) walk(of, name)
      for (const signature of signatures) {
        const returned = checker.getReturnTypeOfSignature(signature)
        const value = checker.getAwaitedType(returned) ?? returned
        if (!(value.flags & ts.TypeFlags.Object)) continue
        for (const one of value.getProperties())
          if (checker.getTypeOfSymbolAtLocation(one, file).getCallSignatures().length > 0)
            results.add(one.name)
      }
    }
  }
  walk(
    checker.getTypeAtLocation(file.statements[0]!.getChildren()[1]!.getChildren()[1]!.getChildren()[0]!),
    "",
  )
  return { calls, results: [...results].sort() }
}

const called = new Set(
  examples.flatMap(({ code }) =>
    sdkCalls(ts.createSourceFile("/code.ts", code, ts.ScriptTarget.ES2022, true)).map(({ path }) => path),
  ),
)

test("each function of the official types, current and deprecated, occurs in an example", () => {
  const { calls, results } = membersOf("ddClient")
  expect(calls).toContain("extension.vm.service.get")
  expect(calls).toContain("backend.execInContainer")
  expect(calls.length).toBeGreaterThan(50)
  // Added to the types for code that calls it in the wrong place.
  const missing = calls.filter((path) => path !== "spawnInVMExtension" && !called.has(path))
  expect(missing).toEqual([])
  expect(results).toEqual(["close", "lines", "parseJsonLines", "parseJsonObject"])
  const all = examples.map(({ code }) => code).join("")
  for (const name of [...results, "onOutput", "onError", "onClose", "splitOutputLines", "cwd", "env"])
    expect(all).toMatch(new RegExp(`\\b${name}\\b`))
})

test("each deprecated function of the official types has a current form", () => {
  const root = membersOf("ddClient").calls.filter((path) => /^[^.]+$|^backend\./.test(path))
  expect(root.filter((path) => !(path in CURRENT))).toEqual([])
  expect(Object.keys(CURRENT).filter((path) => !root.includes(path))).toEqual([])
})

test.each(examples.map((example) => [`${example.group}: ${example.name}`, example] as const))(
  "%s compiles, and nothing is to be said of it",
  (_, { group, code }) => {
    expect(compile(code).problem).toBeUndefined()
    const said = diagnostics(code)
    if (group !== "Deprecated") expect(said).toEqual([])
    else expect(new Set(said.map(({ code }) => code))).toEqual(new Set(["deprecated"]))
  },
)

test("examples have names of their own and stand in the groups' order", () => {
  const names = examples.map(({ group, name }) => `${group} ${name}`)
  expect(new Set(names).size).toBe(names.length)
  const order = examples.map(({ group }) => GROUPS.indexOf(group))
  expect(order).toEqual(order.toSorted((a, b) => a - b))
  expect(lints(ts.createSourceFile("/x.ts", examples[0]!.code, ts.ScriptTarget.ES2022, true))).toEqual([])
})
