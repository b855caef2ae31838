import { mayLink, urlsIn, type Link } from "./links"

/** A string or a name on a row of indented JSON, with its quotes. A row has few. */
const strings = /"(?:[^"\\]|\\.)*"/gs
/** What a URL in a string is written with: `\/` and `\u0026` are characters of it, and any other escape ends it. */
const written = /\bhttps?:(?:[^\s"\\]|\\\/|\\u[0-9a-f]{4})+/gi

/** The web pages that a row of indented JSON links to, in order. `cut`: it continues beyond its text. */
export function linksInJson(text: string, shown: readonly [number, number][], cut: boolean): Link[] {
  if (!mayLink(text.replaceAll("\\/", "/"))) return []
  const links: Link[] = []
  for (const string of text.matchAll(strings)) {
    for (const found of string[0].matchAll(written)) {
      const from = string.index + found.index
      links.push(...urlIn(found[0], from, text.length, cut))
    }
  }
  return links.filter((link) => !shown.some(([from, to]) => link.from < to + 1 && link.to > from))
}

function urlIn(raw: string, from: number, end: number, cut: boolean): Link[] {
  const link = urlsIn(decoded(raw))[0]
  if (link === undefined || link.from > 0) return []
  const to = from + lengthOf(raw, link.to)
  return cut && to === end ? [] : [{ ...link, from, to }]
}

function decoded(raw: string): string {
  return raw.replace(/\\u([0-9a-f]{4})|\\\//gi, (_, hex?: string) =>
    hex === undefined ? "/" : String.fromCharCode(parseInt(hex, 16)),
  )
}

/** How long the first characters of a text are as they are written. */
function lengthOf(raw: string, characters: number): number {
  let at = 0
  for (let n = 0; n < characters; n += 1) {
    at += raw[at] === "\\" ? (raw[at + 1] === "u" ? 6 : 2) : 1
  }
  return at
}
