import { expect, test } from "vitest"
import type { OpenExtension } from "../src/ipc/generated/OpenExtension"
import { offeredServer } from "../src/model/page/offered-server"

const open = (ports: number[], endpoint?: string, kind = "up") =>
  ({ stage: { kind, up: { endpoint } }, parts: [{ ports }, {}] }) as unknown as OpenExtension
const server = (url: string) => ({ url, from: "vite.config.ts" })

test("a port of the extension's own backend was offered as its development server", () => {
  const vite = server("http://localhost:5173")
  expect(offeredServer(vite, undefined)).toBe(vite)
  expect(offeredServer(vite, open([8080], "unix:///run/backend.sock"))).toBe(vite)
  expect(offeredServer(vite, open([8080, 5173]))).toBeUndefined()
  expect(offeredServer(vite, open([], "http://127.0.0.1:5173"))).toBeUndefined()
  expect(offeredServer(vite, open([5173], undefined, "down"))).toBe(vite)
  expect(offeredServer(server("https://localhost:443"), open([443]))).toBeUndefined()
  expect(offeredServer(server("http://localhost:80"), open([80]))).toBeUndefined()
  expect(offeredServer(undefined, open([80]))).toBeUndefined()
})
