import { expect, test, vi } from "vitest"
import { createDdClient } from "../src/sdk/client"
import { asks, facts, make, text, number, output } from "./sdk-set"

test("a streaming exec returns its process at once, and calls back in order", () => {
  const { client, streams } = make()
  const seen: unknown[] = []
  const process = client.docker.cli.exec("logs", ["-f", "x"], {
    stream: {
      splitOutputLines: true,
      onOutput: (data) => seen.push(data),
      onError: (error) => seen.push(["error", error]),
      onClose: (code) => seen.push(["closed", code]),
    },
  })
  expect(process).not.toBeInstanceOf(Promise)
  const [stream] = streams
  expect(stream!.asked).toMatchObject({ whose: "docker", stream: { splitLines: true } })
  stream!.to.called(output("stdout", text("one")))
  stream!.to.called(output("stderr", text("two")))
  stream!.to.called(output("stdout", text("")))
  stream!.to.called({ kind: "end", end: { kind: "close", code: number(3) } })
  expect(seen).toEqual([{ stdout: "one" }, { stderr: "two" }, { stdout: "" }, ["closed", 3]])
  process.close()
  process.close()
  expect(stream!.closed).toBe(1)
})

test("a stream without callbacks, or with some, is called back as far as there are any", () => {
  const { client, streams, thrown } = make()
  client.docker.cli.exec("ps", [], { stream: {} })
  client.docker.cli.exec("ps", [], { stream: { onClose: () => {} } })
  for (const { to } of streams) {
    to.called(output("stdout", text("x")))
    to.called({ kind: "end", end: { kind: "error", error: text("SIGTERM") } })
    to.called({ kind: "end", end: { kind: "silent" } })
  }
  expect(streams.map(({ asked }) => asked.kind === "exec" && asked.stream)).toEqual([
    { splitLines: false },
    { splitLines: false },
  ])
  expect(thrown).toEqual([])
})

test("what a callback throws is uncaught, and the others are called all the same", () => {
  const { client, streams, thrown } = make()
  const closed = vi.fn()
  const bad = new Error("in a callback")
  client.docker.cli.exec("ps", [], {
    stream: {
      onOutput: () => {
        throw bad
      },
      onClose: closed,
    },
  })
  streams[0]!.to.called(output("stdout", text("x")))
  streams[0]!.to.called({ kind: "end", end: { kind: "close", code: { kind: "null" } } })
  expect(thrown).toEqual([bad])
  expect(closed).toHaveBeenCalledWith(null)
})

test("what a callback throws is reported to the window that it is in, which takes it from nothing else", () => {
  const reported: unknown[] = []
  // As in a web view: without its window the function refuses.
  vi.stubGlobal("reportError", function (this: unknown, error: unknown) {
    if (this !== globalThis) throw new TypeError("Can only call Window.reportError on instances of Window")
    reported.push(error)
  })
  const { transport, streams } = asks()
  const client = createDdClient(transport, facts("docker-desktop"))
  const closed = vi.fn()
  const bad = new Error("in a callback")
  const fails = () => {
    throw bad
  }
  client.docker.cli.exec("ps", [], { stream: { onOutput: fails, onClose: closed, onError: fails } })
  const spawned = vi.fn(fails)
  client.spawnHostCmd!("ps", [], spawned)
  for (const { to } of streams) {
    to.called(output("stdout", text("x")))
    to.failed(bad)
    to.called({ kind: "end", end: { kind: "close", code: { kind: "null" } } })
  }
  expect(closed).toHaveBeenCalledTimes(1)
  expect(spawned).toHaveBeenCalledTimes(3)
  expect(reported).toEqual([bad, bad, bad, bad, bad])
})

test("a stream that never began is an onError, and uncaught where nobody listens", () => {
  const { client, streams, thrown } = make()
  const onError = vi.fn()
  client.docker.cli.exec("ps", [], { stream: { onError } })
  client.docker.cli.exec("ps", [], { stream: {} })
  const refused = new Error("no")
  for (const { to } of streams) to.failed(refused)
  expect(onError).toHaveBeenCalledWith(refused)
  expect(thrown).toEqual([refused])
})

test("after close() Rancher Desktop calls nothing back; Docker Desktop does", () => {
  for (const [runtime, times] of [
    ["rancher-desktop", 0],
    ["docker-desktop", 1],
  ] as const) {
    const { client, streams } = make(runtime)
    const onClose = vi.fn()
    const process = client.extension.host!.cli.exec("sleep", ["9"], { stream: { onClose } })
    process.close()
    streams[0]!.to.called({ kind: "end", end: { kind: "close", code: { kind: "null" } } })
    expect(onClose).toHaveBeenCalledTimes(times)
    expect(streams[0]!.closed).toBe(1)
  }
})

test("on Podman Desktop close() stops nothing, and says so", () => {
  const { client, streams, told } = make("podman-desktop")
  client.extension.host!.cli.exec("sleep", ["9"], { stream: {} }).close()
  expect(streams[0]!.closed).toBe(0)
  expect(told).toMatchObject([{ kind: "warning" }])
})

test("wrong arguments of a stream come as onError where they do not throw", async () => {
  const { client, streams } = make()
  const onError = vi.fn()
  const process = client.docker.cli.exec(7 as never, [], { stream: { onError } })
  process.close()
  await vi.waitFor(() => expect(onError).toHaveBeenCalledWith(expect.any(TypeError)))
  expect(streams).toEqual([])
})

test("a stream that is undefined is a stream on Rancher Desktop, and none elsewhere", () => {
  for (const [runtime, streamed] of [
    ["rancher-desktop", 1],
    ["podman-desktop", 0],
    ["docker-desktop", 0],
  ] as const) {
    const { client, streams, calls } = make(runtime)
    client.docker.cli.exec("x", [], { stream: undefined as never })
    expect([streams.length, calls.length]).toEqual([streamed, 1 - streamed])
    // It was asked for as a stream everywhere, whose end settles no promise.
    for (const { asked } of calls) expect(asked).not.toHaveProperty("stream")
  }
})

test("a deprecated spawn tells everything to one callback, the exit code last", () => {
  const { client, streams } = make()
  const seen: unknown[] = []
  const callback = (data: unknown, error: unknown) => seen.push([data, error])
  expect(client.spawnHostCmd("kubectl", ["get", "pods"], callback)).toBeUndefined()
  client.spawnDockerCmd("logs", ["-f", "x"], callback)
  client.backend!.spawnInVMExtension("tail", ["-f", "/log"], callback)
  expect(streams.map(({ asked }) => asked)).toMatchObject([
    { whose: "host", cmd: "kubectl", args: ["get", "pods"], stream: { splitLines: false }, line: false },
    { whose: "docker", cmd: "logs" },
    { whose: "vm", cmd: "tail" },
  ])
  const { to } = streams[0]!
  to.called(output("stdout", text("out")))
  to.called(output("stderr", text("")))
  to.called({ kind: "end", end: { kind: "close", code: number(0) } })
  to.called({ kind: "end", end: { kind: "error", error: text("SIGTERM") } })
  to.failed("refused")
  expect(seen).toEqual([
    [{ stdout: "out" }, undefined],
    [{ stderr: "" }, undefined],
    [{ code: 0 }, undefined],
    [{}, "SIGTERM"],
    [{}, "refused"],
  ])
})

test("a deprecated callback that throws, or is none, ends nothing", () => {
  const { client, streams, thrown } = make()
  client.spawnHostCmd("x", [], () => {
    throw new Error("no")
  })
  client.spawnHostCmd("x", undefined as never, undefined as never)
  for (const { to } of streams) {
    to.called(output("stdout", text("a")))
    to.called(output("stdout", text("b")))
  }
  expect(thrown).toHaveLength(2)
})

test("spawnInVMExtension is at both places, and warns at the one that is not its own", () => {
  const { client, streams, told } = make()
  client.backend!.spawnInVMExtension("x", [], () => {})
  expect(told).toEqual([])
  client.spawnInVMExtension("x", [], () => {})
  expect(streams[1]!.asked).toEqual(streams[0]!.asked)
  expect(told).toMatchObject([{ kind: "warning", text: expect.stringContaining("ddClient.backend.") }])
})
