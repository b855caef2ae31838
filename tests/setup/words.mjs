// Finds words of the project's former private dialect in texts and comments. What is left of them is counted for each
// folder in words.json: a number may only go down. `node tests/setup/words.mjs --write` records lower numbers,
// `--list FOLDER` shows the places.
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"

const WORDS = [
  "nobody", "somebody", "whoever", "whose", "anew", "for ever", "can not", "stands?", "mend(s|ed)?", "so many",
  "of (its|their|his) own", "as it was", "(is|are|was|were) (told|said|asked|heard)", "brings? up", "takes? down",
  "is no (UTF-8|JSON|page|port|socket|program|image|text)", "what there is", "hands? over",
]
const DIALECT = new RegExp(`\\b(${WORDS.join("|")})\\b`, "gi")
const RECORD = new URL("words.json", import.meta.url)

const files = execFileSync("git", ["ls-files"], { encoding: "utf8" }).split("\n")
const isChecked = (file) =>
  /\.(rs|ts|svelte|md|sh|mjs)$/.test(file) &&
  !/(^|\/)(generated|tests?|extensions|compose|benches|fuzz)\/|_tests?\.rs$|(^|\/)tests\.rs$|words\.mjs$|\.test\.ts$/.test(file)

/** What a reader or a user reads of a source: comments, and literals that hold more than one word. */
function* texts(file, source) {
  if (file.endsWith(".md")) return yield* source.split("\n").map((line, at) => [at, line])
  const code = file.endsWith(".rs") ? source.split(/^#\[cfg\(test\)\]\n(?:#\[path|mod tests)/m)[0] : source
  for (const [at, line] of code.split("\n").entries()) {
    const comment = /(?:\/\/[/!]?|^\s*\*|^\s*#|<!--)\s(.*)$/.exec(line)
    const literals = line.match(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/g) ?? []
    if (comment) yield [at, comment[1]]
    else yield* literals.filter((literal) => literal.includes(" ")).map((literal) => [at, literal])
  }
}

const found = {}
const listed = process.argv[2] === "--list" ? process.argv[3] : undefined
for (const file of files.filter(isChecked)) {
  const folder = dirname(file)
  for (const [at, text] of texts(file, readFileSync(file, "utf8"))) {
    const count = text.match(DIALECT)?.length ?? 0
    if (count === 0) continue
    found[folder] = (found[folder] ?? 0) + count
    if (listed !== undefined && folder.startsWith(listed)) console.log(`${file}:${at + 1}: ${text.trim()}`)
  }
}

const sorted = Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)))
if (process.argv[2] === "--write") writeFileSync(RECORD, JSON.stringify(sorted, null, 2) + "\n")
const allowed = JSON.parse(readFileSync(RECORD, "utf8"))
const folders = new Set([...Object.keys(found), ...Object.keys(allowed)])
let wrong = 0
for (const folder of folders) {
  const [is, may] = [found[folder] ?? 0, allowed[folder] ?? 0]
  if (is === may) continue
  wrong += 1
  console.error(
    is > may
      ? `${folder}: ${is} words of the dialect, ${may} were there before. See them with --list ${folder}`
      : `${folder}: only ${is} words of the dialect are left. Record it with --write`,
  )
}
console.log(`${Object.values(found).reduce((sum, count) => sum + count, 0)} words of the dialect are left`)
process.exit(wrong > 0 ? 1 : 0)
