import type { Pair } from "./rows"

export type Authorization =
  { scheme: "Basic"; user: string; password: string } | { scheme: "Bearer"; token: string }

const isAuthorization = ({ name }: Pair) => name.trim().toLowerCase() === "authorization"

/** The value of the header. Names and passwords are UTF-8, as RFC 7617 recommends. */
export function authorizationOf(from: Authorization): string {
  if (from.scheme === "Bearer") return `Bearer ${from.token.trim()}`
  const bytes = new TextEncoder().encode(`${from.user}:${from.password}`)
  return `Basic ${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}`
}

/** What the header says, where it is of one of these schemes. */
export function readAuthorization(headers: readonly Pair[]): Authorization | undefined {
  const value = headers.find(isAuthorization)?.value.trim() ?? ""
  const [, scheme = "", rest = ""] = /^(\S+)\s+(.*)$/.exec(value) ?? []
  if (scheme.toLowerCase() === "bearer") return { scheme: "Bearer", token: rest }
  if (scheme.toLowerCase() !== "basic") return undefined
  try {
    const bytes = Uint8Array.from(atob(rest), (c) => c.charCodeAt(0))
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes)
    const at = text.indexOf(":")
    return at < 0 ? undefined : { scheme: "Basic", user: text.slice(0, at), password: text.slice(at + 1) }
  } catch {
    return undefined
  }
}

/** The headers with this value in the first row of that name, which is switched on; else in a new row. */
export function withAuthorization(headers: readonly Pair[], value: string): Pair[] {
  const at = headers.findIndex(isAuthorization)
  const row = { name: headers[at]?.name ?? "Authorization", value }
  return at < 0 ? [...headers, row] : headers.with(at, row)
}
