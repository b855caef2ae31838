/**
 * The query of a path as rows, and back. The path is what counts: a row shows a parameter of it decoded, and editing one
 * changes only the characters that were edited. Typed characters are never encoded again.
 */

/** The raw parameters of a path, without empty ones at its end. */
export function paramsOf(path: string): string[] {
  const at = path.indexOf("?")
  if (at < 0) return []
  const raws = path.slice(at + 1).split("&")
  while (raws.at(-1) === "") raws.pop()
  return raws
}

/** A path with these parameters in place of its own. */
export function withParams(path: string, raws: readonly string[]): string {
  const at = path.indexOf("?")
  const base = at < 0 ? path : path.slice(0, at)
  return raws.length === 0 ? base : `${base}?${raws.join("&")}`
}

/** Name and value of a raw parameter as text. */
export function shownOf(raw: string): { name: string; value: string } {
  const { name, value } = halves(raw)
  return { name: decoded(name), value: decoded(value) }
}

/** The raw parameter after its name or its value was changed to this text. */
export function edited(raw: string | undefined, part: "name" | "value", text: string): string {
  const before = halves(raw ?? "=")
  const after = { ...before, [part]: changed(before[part], text) }
  if (after.name === "" && after.value === "") return ""
  return after.value !== "" || before.hasValue ? `${after.name}=${after.value}` : after.name
}

/** Text as it is written in a query. */
export function encoded(text: string): string {
  // A surrogate alone has no encoding.
  const whole = text.replace(/\p{Surrogate}/gu, "\ufffd")
  return encodeURIComponent(whole).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function halves(raw: string): { name: string; value: string; hasValue: boolean } {
  const at = raw.indexOf("=")
  return at < 0
    ? { name: raw, value: "", hasValue: false }
    : { name: raw.slice(0, at), value: raw.slice(at + 1), hasValue: true }
}

/** A character with how it is written. */
interface Written {
  raw: string
  text: string
}

const decoded = (raw: string) =>
  writtenOf(raw)
    .map(({ text }) => text)
    .join("")

/** The characters of a raw text. What is no valid encoding stands for itself. */
function writtenOf(raw: string): Written[] {
  const all: Written[] = []
  for (let at = 0; at < raw.length;) {
    const one = charAt(raw, at)
    all.push(one)
    at += one.raw.length
  }
  return all
}

function charAt(raw: string, at: number): Written {
  const plain = String.fromCodePoint(raw.codePointAt(at)!)
  if (plain === "+") return { raw: plain, text: " " }
  const lead = /^%([\da-f]{2})/i.exec(raw.slice(at, at + 3))?.[1]
  if (lead === undefined) return { raw: plain, text: plain }
  const byte = parseInt(lead, 16)
  const bytes = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
  const whole = raw.slice(at, at + bytes * 3)
  try {
    return { raw: whole, text: decodeURIComponent(whole) }
  } catch {
    return { raw: "%", text: "%" }
  }
}

/** What is the same at both ends stays as it is written, and the rest is encoded. */
function changed(raw: string, text: string): string {
  const before = writtenOf(raw)
  const after = [...text]
  let start = 0
  while (start < Math.min(before.length, after.length) && before[start]!.text === after[start]) start += 1
  let end = 0
  const most = Math.min(before.length, after.length) - start
  while (end < most && before[before.length - 1 - end]!.text === after[after.length - 1 - end]) end += 1
  const written = (some: readonly Written[]) => some.map((one) => one.raw).join("")
  const middle = encoded(after.slice(start, after.length - end).join(""))
  const kept = written(before.slice(0, start))
  const rest = written(before.slice(before.length - end))
  const whole = kept + middle + rest
  // A percent sign that stood for itself could begin an encoding now.
  return decoded(whole) === text ? whole : encoded(text)
}
