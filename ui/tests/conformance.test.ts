import { expect, test } from "vitest"
import table from "../../tests/conformance.json"
import type { SdkCall } from "../src/ipc/generated/SdkCall"
import type { Runtime } from "../src/ipc/generated/Runtime"
import { createDdClient } from "../src/sdk/client"
import type { Transport } from "../src/sdk/transport"

/** A row of the table that the core performs: what code says, and what is asked for it. */
interface Row {
  name: string
  runtime: string
  asked: { kind: string }
  received: string
  js?: string
  stream?: { exec: "host" | "vm"; cmd: string; args: string[]; split?: boolean }
}

const rows = table.rows as unknown as Row[]

/** What may be left out of the table. */
const DEFAULTS: Record<string, object> = {
  exec: { args: [], line: false, env: [] },
  request: { headers: [], named: false },
}

const whole = (asked: { kind: string }): object => ({ ...DEFAULTS[asked.kind], ...asked })

/** What the code of a row asks for, and what became of it. */
async function run(row: Row) {
  const asked: SdkCall[] = []
  const transport: Transport = {
    guard: () => {},
    call: async (what) => void asked.push(what),
    stream: (what) => {
      asked.push(what)
      return { close: () => {} }
    },
    ask: () => Promise.reject(new Error("no dialog")),
    tell: () => {},
  }
  const facts = { machine: { platform: "linux", arch: "x64", hostname: "h" }, image: "acme", container: true }
  const client = createDdClient(transport, { ...facts, runtime: row.runtime as Runtime, service: true })
  const { stream } = row
  const js = stream
    ? `ddClient.extension.${stream.exec}.cli.exec(${JSON.stringify(stream.cmd)}, ${JSON.stringify(stream.args)}, { stream: { splitOutputLines: ${stream.split === true} } })`
    : row.js
  const code = new Function("ddClient", "window", `return (async () => ${js})()`) as (
    client: unknown,
    window: unknown,
  ) => Promise<unknown>
  // The transport answers nothing, so that whatever is made of the answer may throw.
  const thrown: unknown = await code(client, { ddClient: client }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return { asked, thrown }
}

test.each(rows.map((row) => [row.runtime, row.name, row] as const))(
  "%s asks: %s",
  async (_runtime, _name, row) => {
    const { asked, thrown } = await run(row)
    if (row.received.startsWith("throws")) {
      expect(asked).toEqual([])
      expect(thrown).toBeInstanceOf(TypeError)
    } else {
      expect(asked).toEqual([whole(row.asked)])
    }
  },
)

test("the table has requests and commands, plain and streaming, for each Runtime", () => {
  expect(new Set(rows.map((row) => row.asked.kind))).toEqual(new Set(["exec", "request"]))
  expect(rows.some((row) => row.stream) && rows.some((row) => row.js)).toBe(true)
  expect(new Set(rows.map((row) => row.runtime)).size).toBe(4)
  expect(rows.filter((row) => row.received.startsWith("throws")).length).toBeGreaterThan(0)
})
