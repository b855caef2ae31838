import { expect, test } from "vitest"
import { formatJson, jsonProblem } from "../src/model/composer/json"
import { usesIn } from "../src/model/composer/variable-uses"

test("what is JSON is what the language says is JSON", () => {
  const seeds = ['{"a":[1,-0.5e+3,true,null,"x\\u00e9\\n"],"b":{}}', "[]", '"é"', "12", "[[[]],{}]"]
  const put = [
    "",
    ",",
    ":",
    "{",
    "}",
    "[",
    "]",
    '"',
    "\\",
    "0",
    "-",
    ".",
    "e",
    "t",
    " ",
    "\n",
    "\t",
    "'",
    "\u00a0",
    "\u0001",
  ]
  let wrong = 0
  for (const seed of seeds) {
    for (let at = 0; at <= seed.length; at += 1) {
      for (const one of put) {
        for (const cut of [0, 1]) {
          const text = seed.slice(0, at) + one + seed.slice(at + cut)
          let valid = true
          try {
            JSON.parse(text)
          } catch {
            valid = false
          }
          expect([text, jsonProblem(text) === undefined]).toEqual([text, valid])
          if (valid) expect(JSON.parse(formatJson(text)!)).toEqual(JSON.parse(text))
          else wrong += 1
        }
      }
    }
  }
  expect(wrong).toBeGreaterThan(1000)
})

test("a problem has its line and column", () => {
  const at = (text: string) => {
    const problem = jsonProblem(text)!
    return `${problem.line}:${problem.column} ${problem.message}`
  }
  expect(at('{\n  "a": 1,\n}')).toBe("3:1 A comma before } isn't allowed.")
  expect(at('{\n  "a" 1\n}')).toBe('2:7 Expected ":" after the name.')
  expect(at("[1 2]")).toBe('1:4 Expected "," or "]".')
  expect(at("{a: 1}")).toBe('1:2 Expected a name in double quotes or "}".')
  expect(at("['a']")).toBe("1:2 Use double quotes for strings.")
  expect(at('{"a": "x\n}')).toBe("1:7 This string isn't closed on its line.")
  expect(at("[undefined]")).toBe("1:2 undefined isn't a JSON value.")
  expect(at("[01]")).toBe("1:2 This isn't a valid number.")
  expect(at("[1")).toBe('1:3 Expected "," or "]".')
  expect(at("{} x")).toBe("1:4 There is more text after the value.")
})

test("formatted JSON keeps every number and string as it was typed", () => {
  expect(formatJson('{"a":9007199254740993,"b":[1.0,{}, []],"c":"\\u00e9"}')).toBe(
    '{\n  "a": 9007199254740993,\n  "b": [\n    1.0,\n    {},\n    []\n  ],\n  "c": "\\u00e9"\n}',
  )
  expect(formatJson("{")).toBeUndefined()
})

test("a variable may be in the place of a value, and nowhere else", () => {
  const problem = (text: string) => jsonProblem(text, usesIn(text))?.message
  expect(problem('{"a": {{size}}, "b": [{{ x }}, "{{y}}"]}')).toBeUndefined()
  expect(problem("{{all}}")).toBeUndefined()
  expect(problem("{{{name}}: 1}")).toContain("name in double quotes")
  expect(problem("[{{a}} {{b}}]")).toContain('Expected ","')
  // Without an environment braces are braces.
  expect(jsonProblem('{"a": {{size}}}')?.message).toContain("name in double quotes")
  const text = '{"a":{{size}},"b":["{{y}}"]}'
  expect(formatJson(text, usesIn(text))).toBe('{\n  "a": {{size}},\n  "b": [\n    "{{y}}"\n  ]\n}')
})
