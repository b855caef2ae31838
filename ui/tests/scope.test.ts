import { expect, test, vi } from "vitest"
import { Alive, GRACE_MS, timersOf } from "../src/console/alive"
import { requireOf, seal } from "../src/console/scope"

test("names that reach out are gone from the scope and from all that it inherits from", async () => {
  const reach = vi.fn()
  class Global {
    postMessage() {
      reach()
    }
    close() {
      reach()
    }
  }
  class Inner extends Global {
    fetch() {
      reach()
    }
  }
  const scope = Object.assign(new Inner(), {
    WebSocket: reach,
    indexedDB: {},
    SomethingOfTomorrow: reach,
    navigator: { sendBeacon: reach, language: "en" },
  })
  seal(scope)
  expect(() => scope.postMessage()).toThrow("not available in Porthole's console")
  expect(() => new (scope.WebSocket as unknown as new () => object)()).toThrow("WebSocket is not available")
  await expect(scope.fetch()).rejects.toThrow("fetch is not available")
  expect(scope.indexedDB).toBeUndefined()
  expect(scope.SomethingOfTomorrow).toBeUndefined()
  expect(scope.navigator.sendBeacon).toBeUndefined()
  expect(scope.navigator.language).toBe("en")
  for (let at: object = scope; at !== Object.prototype; at = Object.getPrototypeOf(at) as object) {
    if (at !== scope)
      for (const name of ["postMessage", "close", "fetch"]) expect(Object.hasOwn(at, name)).toBe(false)
  }
  expect(() => Object.defineProperty(scope, "fetch", { value: 1 })).toThrow(TypeError)
  expect(reach).not.toHaveBeenCalled()
})

test("require knows the packages of an extension's page, and says which", () => {
  const client = { createDockerDesktopClient: () => 1 }
  const require = requireOf({ "@docker/extension-api-client": client })
  expect(require("@docker/extension-api-client")).toBe(client)
  for (const name of ["react", "constructor", "__proto__", 1, undefined])
    expect(() => require(name)).toThrow("only @docker/extension-api-client")
})

function aliveOf() {
  vi.useFakeTimers()
  const over = vi.fn()
  return { over, alive: new Alive(over, (call, ms) => setTimeout(call, ms)) }
}

test("a run is over once, a while after its last thing ended", async () => {
  const { over, alive } = aliveOf()
  alive.began()
  alive.began()
  alive.ended()
  await vi.advanceTimersByTimeAsync(GRACE_MS * 2)
  expect(over).not.toHaveBeenCalled()
  alive.ended()
  await vi.advanceTimersByTimeAsync(GRACE_MS - 1)
  // Something new begins: it counts anew.
  alive.began()
  await vi.advanceTimersByTimeAsync(GRACE_MS * 2)
  expect(over).not.toHaveBeenCalled()
  alive.ended()
  await vi.advanceTimersByTimeAsync(GRACE_MS * 2)
  expect(over).toHaveBeenCalledTimes(1)
  vi.useRealTimers()
})

test("a timer keeps a run alive until it ran or was cleared", async () => {
  const { over, alive } = aliveOf()
  const uncaught = vi.fn()
  const clock = { setTimeout, clearTimeout, setInterval, clearInterval }
  const timers = timersOf(clock as never, alive, uncaught)
  alive.began()
  const ran = vi.fn()
  ;(timers.setTimeout as (...args: unknown[]) => number)(ran, 100, "a", 1)
  const often = timers.setInterval(ran, 100)
  const never = timers.setTimeout(ran, 10_000)
  alive.ended()
  await vi.advanceTimersByTimeAsync(1000)
  expect(ran).toHaveBeenCalledWith("a", 1)
  timers.clearTimeout(never)
  timers.clearTimeout(never)
  expect(over).not.toHaveBeenCalled()
  timers.clearInterval(often)
  await vi.advanceTimersByTimeAsync(GRACE_MS * 2)
  expect(over).toHaveBeenCalledTimes(1)
  const calls = ran.mock.calls.length
  await vi.advanceTimersByTimeAsync(20_000)
  expect(ran).toHaveBeenCalledTimes(calls)
  vi.useRealTimers()
})

test("a timer that is text, or throws, is uncaught", async () => {
  const { alive } = aliveOf()
  const uncaught = vi.fn()
  const clock = { setTimeout, clearTimeout, setInterval, clearInterval }
  const timers = timersOf(clock as never, alive, uncaught)
  timers.setTimeout("alert(1)" as never, 1)
  timers.setTimeout(() => {
    throw new Error("no")
  }, 2)
  await vi.advanceTimersByTimeAsync(10)
  expect(uncaught.mock.calls.map(([error]) => (error as Error).message)).toEqual([
    "A timer needs a function: strings aren't run here.",
    "no",
  ])
  vi.useRealTimers()
})
