import { expect, test } from "vitest"
import type { Field } from "../src/ipc/generated/Field"
import type { Runtime } from "../src/ipc/generated/Runtime"
import type { Value } from "../src/ipc/generated/Value"
import { jsOf } from "../src/sdk/value"

const text = (text: string): Value => ({ kind: "text", text, bytes: text.length, cut: false })
const field = (name: string, value?: Value): Field => ({ name, differs: false, ...(value ? { value } : {}) })
const js = (value: Value, runtime: Runtime = "docker-desktop") => jsOf(value, runtime)

test("plain values are what they say", () => {
  expect(js({ kind: "undefined" })).toBe(undefined)
  expect(js({ kind: "null" })).toBe(null)
  expect(js({ kind: "bool", value: false })).toBe(false)
  expect(js({ kind: "number", text: "137" })).toBe(137)
  expect(js(text(""))).toBe("")
})

test("JSON is parsed as JSON.parse does it, digits lost beyond 2^53 and all", () => {
  expect(js({ kind: "json", text: '{"a":[1,null]}', bytes: 0, cut: false })).toEqual({ a: [1, null] })
  expect(js({ kind: "json", text: "9007199254740993", bytes: 0, cut: false })).toBe(9007199254740992)
  expect(js({ kind: "json", text: '{"__proto__":1}', bytes: 0, cut: false })).toHaveProperty("__proto__", 1)
})

test("what is no JSON is handed over as text", () => {
  expect(js({ kind: "json", text: "<html>", bytes: 0, cut: false })).toBe("<html>")
})

test("bytes are a Uint8Array", () => {
  expect(js({ kind: "bytes", text: "é", bytes: 2, cut: false })).toEqual(new Uint8Array([0xc3, 0xa9]))
})

test("an absent field is no property, and undefined is one", () => {
  const made = js({
    kind: "object",
    fields: [field("code"), field("signal", { kind: "undefined" })],
  }) as object
  expect("code" in made).toBe(false)
  expect("signal" in made).toBe(true)
})

test("an Error is one, with its properties", () => {
  const fields = [
    field("message", text("socket hang up")),
    field("name", text("Odd")),
    field("statusCode", { kind: "number", text: "502" }),
  ]
  const error = js({ kind: "object", class: "Error", fields }) as Error & { statusCode: number }
  expect(error).toBeInstanceOf(Error)
  expect([error.message, error.name, error.statusCode]).toEqual(["socket hang up", "Odd", 502])
  expect(Object.keys(error)).toEqual(["statusCode"])
  expect(js({ kind: "object", class: "TypeError", fields: [] })).toBeInstanceOf(TypeError)
})

test("an object without a class is a plain one, whatever its properties are called", () => {
  const made = js({ kind: "object", fields: [field("__proto__", text("x")), field("name", text("Error"))] })
  expect(made).not.toBeInstanceOf(Error)
  expect(Object.getPrototypeOf(made)).toBe(Object.prototype)
})

interface Result {
  lines(): string[]
  parseJsonLines(): unknown[]
  parseJsonObject(): unknown
}

function result(stdout: string, runtime: Runtime): Result {
  const method: Value = { kind: "method" }
  const fields = [
    field("stdout", text(stdout)),
    ...["lines", "parseJsonLines", "parseJsonObject"].map((name) => field(name, method)),
  ]
  return js({ kind: "object", fields }, runtime) as Result
}

test("lines() splits standard output at each newline, the last one too", () => {
  expect(result("a\r\nb\n", "docker-desktop").lines()).toEqual(["a", "b", ""])
  expect(result("", "rancher-desktop").lines()).toEqual([""])
})

test("on Podman Desktop lines() keeps carriage returns and has none for no output", () => {
  expect(result("a\r\nb\n", "podman-desktop").lines()).toEqual(["a\r", "b", ""])
  expect(result("", "podman-desktop").lines()).toEqual([])
})

test("parseJsonLines() leaves out empty lines and fails on a bad one", () => {
  for (const runtime of ["docker-desktop", "rancher-desktop", "podman-desktop"] as const) {
    expect(result('{"a":1}\n\n[2]\n', runtime).parseJsonLines()).toEqual([{ a: 1 }, [2]])
    expect(() => result('{"a":1}\n{bad', runtime).parseJsonLines()).toThrow(SyntaxError)
  }
})

test("a line of blanks alone is a bad one on Rancher Desktop, and none on Podman Desktop", () => {
  expect(() => result("1\n  \n", "rancher-desktop").parseJsonLines()).toThrow(SyntaxError)
  expect(result("1\n  \n", "podman-desktop").parseJsonLines()).toEqual([1])
})

test("parseJsonObject() parses all of it; Podman Desktop takes quotes off before", () => {
  expect(result(' {"a":1}\n', "docker-desktop").parseJsonObject()).toEqual({ a: 1 })
  expect(() => result("", "docker-desktop").parseJsonObject()).toThrow(SyntaxError)
  expect(result("", "podman-desktop").parseJsonObject()).toBeUndefined()
  expect(result('"{"a":1}"\n', "podman-desktop").parseJsonObject()).toEqual({ a: 1 })
  expect(() => result('"{"a":1}"\n', "rancher-desktop").parseJsonObject()).toThrow(SyntaxError)
})

test("what Podman Desktop rejects with reads as standard error", () => {
  const fields = [
    field("toString", { kind: "method" }),
    field("stderr", text("no such file")),
    field("stdout", text("")),
  ]
  expect(String(js({ kind: "object", fields }, "podman-desktop"))).toBe("no such file")
})
