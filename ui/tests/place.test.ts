import { expect, test } from "vitest"
import { LONGEST_PLACE, placeIn, placer } from "../src/sdk/place"

const OWN = "ext://aa/__porthole__/client.js"
const find = (stack: string) => placeIn(stack, OWN, "ext://aa")

test.each([
  ["WebKit", `get@${OWN}:1:20\nload@ext://aa/app.js:3:14\nglobal code@ext://aa/app.js:9:1`, "app.js:3:14"],
  ["WebKit, no name", `${OWN}:1:20\n@ext://aa/a/b.js:7:2`, "a/b.js:7:2"],
  ["WebKit, a module", "module code@ext://aa/src/main.tsx?t=17:4:1", "src/main.tsx?t=17:4:1"],
  ["V8", `Error\n    at get (${OWN}:1:20)\n    at async load (ext://aa/app.js:3:14)`, "app.js:3:14"],
  ["V8, no name", "Error: a\n    at ext://aa/app.js:3:14", "app.js:3:14"],
  [
    "V8, eval",
    "Error\n    at eval (eval at go (ext://aa/a.js:1:2), <anonymous>:1:1)\n    at go (ext://aa/a.js:1:7)",
    "a.js:1:7",
  ],
  ["another origin", "go@http://localhost:5173/src/App.tsx:3:4", "http://localhost:5173/src/App.tsx:3:4"],
  ["a name with @", "go@ext://aa/node_modules/@acme/x.js:3:4", "node_modules/@acme/x.js:3:4"],
  ["the page's own text", "global code@ext://aa/:12:3", "/:12:3"],
  ["built-ins before it", "map@[native code]\ngo@ext://aa/a.js:1:2", "a.js:1:2"],
  ["nothing of the page's", `get@${OWN}:1:20\n[native code]`, undefined],
  ["nothing", "", undefined],
])("%s", (_name, stack, place) => {
  expect(find(stack)).toBe(place)
})

test("a long name keeps its end and its place", () => {
  const place = find(`go@ext://aa/${"long/".repeat(1000)}app.js:3:14`)!
  expect(place).toHaveLength(LONGEST_PLACE)
  expect(place.startsWith("…")).toBe(true)
  expect(place.endsWith("long/app.js:3:14")).toBe(true)
})

test("it tells where it is called from", () => {
  const here = placer((stack) => /place\.test\.ts:\d+:\d+/.exec(stack)?.[0])
  expect(here()).toMatch(/^place\.test\.ts:\d+:\d+$/)
})

test("code that changes the language under it makes it tell nothing, and never throw", () => {
  const throws = () => {
    throw new Error("harm")
  }
  expect(placer(throws)()).toBeUndefined()
  expect(placer(() => "x".repeat(LONGEST_PLACE + 1))()).toBeUndefined()
  expect(placer(() => ({}) as string)()).toBeUndefined()
  const was = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace")
  try {
    for (const made of [() => ({}), () => 7, throws]) {
      Object.assign(Error, { prepareStackTrace: made })
      expect(placer(find)()).toBeUndefined()
    }
  } finally {
    if (was) Object.defineProperty(Error, "prepareStackTrace", was)
    else Reflect.deleteProperty(Error, "prepareStackTrace")
  }
  const { exec } = RegExp.prototype
  try {
    RegExp.prototype.exec = throws
    expect(placer(find)()).toBeUndefined()
  } finally {
    RegExp.prototype.exec = exec
  }
})
