/** A link in a row: a web page, or a place in a file. */
export interface Link {
  from: number
  to: number
  kind: "url" | "file"
  /** The URL, or the path of the file. */
  target: string
  /** What is copied of it: the URL, or `path:line` as editors take it, however the row writes it. */
  copied: string
}

// What a browser takes, without what ends a URL in prose. Letters of any script may be in a host or a path; characters
// that change the direction of text, or can't be seen, may not.
const url = /\bhttps?:\/\/[^\s"'`<>{}|\\^\p{C}\p{Z}]+/giu
// What files of source code end in: a host has a port too.
const ENDS =
  "rs|go|py|[cm]?jsx?|[cm]?tsx?|java|kts?|scala|c|h|cc|cpp|hpp|cs|swift|rb|php|svelte|vue|s?css|html?|sh|sql|md|txt|json|ya?ml|toml|xml|proto|ex|exs|erl|dart|lua|zig"
// `src/main.rs:3:5`, `C:\\src\\a.go:8`, and `File "a.py", line 3` of Python.
const file = new RegExp(
  // Only from the beginning of a word: a long one without an end must not be looked at again from each letter.
  `(?<![\\w@.+~\\\\/-])(?:[A-Za-z]:[\\\\/]|[\\\\/])?(?:[\\w@.+~-]+[\\\\/])*[\\w@+~-][\\w@.+~-]*\\.(?:${ENDS}):\\d+(?::\\d+)?`,
  "g",
)
const python = /File "([^"]+)", line (\d+)/g

/** Longer rows have no links: looking for them takes time. */
const LONGEST = 20_000
const MOST = 50

/** Whether a text may have a link: cheap, because most have none. */
export function mayLink(text: string): boolean {
  return text.includes("://") || /\.[A-Za-z]\w{0,9}:\d|", line \d/.test(text.slice(0, LONGEST))
}

/** The links in a row, in order. `shown`: where its text represents something else; `cut`: it continues beyond its text. */
export function linksIn(text: string, shown: readonly [number, number][], cut: boolean): Link[] {
  if (text.length > LONGEST || !mayLink(text)) return []
  const links: Link[] = []
  const add = (link: Link) => {
    const over = (from: number, to: number) => link.from < to && link.to > from
    // One that touches what isn't there as such, or the end of what is drawn, isn't whole.
    if (shown.some(([from, to]) => over(from, to + 1))) return
    if (cut && link.to === text.length) return
    if (links.length < MOST && !links.some((other) => over(other.from, other.to))) links.push(link)
  }
  urlsIn(text).forEach(add)
  for (const found of text.matchAll(python)) {
    const from = found.index + 'File "'.length
    const target = found[1]!
    add({ from, to: found.index + found[0].length, kind: "file", target, copied: `${target}:${found[2]}` })
  }
  for (const found of text.matchAll(file)) {
    const target = found[0].replace(/:\d+(?::\d+)?$/, "")
    const [copied] = found
    add({ from: found.index, to: found.index + copied.length, kind: "file", target, copied })
  }
  return links.sort((a, b) => a.from - b.from)
}

/** The links to web pages, in order. */
export function urlsIn(text: string): Link[] {
  return [...text.matchAll(url)].flatMap((found) => {
    const target = withoutEnd(found[0])
    if (!URL.canParse(target)) return []
    return { from: found.index, to: found.index + target.length, kind: "url", target, copied: target }
  })
}

/** Without the punctuation of the sentence around it, and a bracket that has no partner in it. */
function withoutEnd(url: string): string {
  let end = url.length
  for (;;) {
    const last = url[end - 1] ?? ""
    const open = { ")": "(", "]": "[" }[last]
    const inside = url.slice(0, end)
    const unpaired = open !== undefined && inside.split(last).length > inside.split(open).length
    if (!/[.,;:!?…*_~]/.test(last) && !unpaired) return inside
    end -= 1
  }
}

/** What a link leads to, for its tooltip: the URL as a browser reads it. */
export function linkText(link: Link): string {
  if (link.kind === "url") return `Open ${new URL(link.target).href}`
  return `Open ${link.target}, or copy ${link.copied} if it isn't in the extension's folder`
}
