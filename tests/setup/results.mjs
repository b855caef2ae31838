// What a runner of tests reported, one test a line: `passed NAME`, `flaky NAME` (it passed when it was tried again),
// `failed NAME` or `skipped NAME` (marked so in the code). It fails when a report can't be read.
//
//   node results.mjs nextest JUNIT LIST   nextest's JUnit, and its list of the selected tests in JSON: JUnit leaves out
//                                         what is ignored, and what a canceled run never started
//   node results.mjs vitest JSON          vitest's own report
//   node results.mjs libtest LOG          what `cargo test` writes
//   node results.mjs selected LIST        only which tests the list selects
import { readFileSync } from "node:fs"

const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" }
const unescaped = (text) =>
  text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (all, decimal, hex, name) =>
    name ? (ENTITIES[name] ?? all) : String.fromCodePoint(decimal ?? parseInt(hex, 16)),
  )

function* selected(file) {
  const suites = JSON.parse(readFileSync(file, "utf8"))["rust-suites"]
  for (const [suite, { testcases }] of Object.entries(suites)) {
    for (const [name, { ignored, "filter-match": match }] of Object.entries(testcases)) {
      if (match.status === "matches") yield { name: `${suite} ${name}`, ignored }
    }
  }
}

// A `<` in a name or in what a test printed is escaped, so each of them here begins or ends an element.
function junit(file) {
  const text = readFileSync(file, "utf8")
  if (!text.trimEnd().endsWith("</testsuites>")) throw new Error("the report has no end")
  const outcomes = new Map()
  for (const [, attributes, empty, inside = ""] of text.matchAll(
    /<testcase\b((?:\s+[\w-]+="[^"]*")*)\s*(?:(\/)>|>([^]*?)<\/testcase>)/g,
  )) {
    const attribute = (name) => unescaped(attributes.match(new RegExp(`\\s${name}="([^"]*)"`))[1])
    const has = (...names) => !empty && new RegExp(`<(?:${names.join("|")})\\b`).test(inside)
    let outcome = has("flakyFailure", "flakyError") ? "flaky" : "passed"
    if (has("failure", "error")) outcome = "failed"
    if (has("skipped")) outcome = "skipped"
    outcomes.set(`${attribute("classname")} ${attribute("name")}`, outcome)
  }
  return outcomes
}

function* nextest(report, list) {
  const outcomes = junit(report)
  for (const { name, ignored } of selected(list)) {
    if (!outcomes.has(name)) yield ignored ? `skipped ${name}` : `failed ${name} (it did not run)`
  }
  for (const [name, outcome] of outcomes) yield `${outcome} ${name}`
}

function* vitest(report) {
  for (const file of JSON.parse(readFileSync(report, "utf8")).testResults) {
    const name = file.name.split("/").pop()
    const outcomes = { passed: "passed", failed: "failed", pending: "skipped", skipped: "skipped", todo: "skipped" }
    for (const test of file.assertionResults) yield `${outcomes[test.status] ?? "failed"} ${name}: ${test.fullName}`
    // One that can't even be loaded has no tests.
    const failed = file.assertionResults.some(({ status }) => status === "failed")
    if (file.status === "failed" && !failed) yield `failed ${name}`
  }
}

function* libtest(log) {
  const lines = readFileSync(log, "utf8").split(/\r?\n/)
  let program = ""
  let left = 0
  // One that crashed has told of some of its tests only.
  function* ended() {
    if (left > 0) yield `failed ${program} (${left} of its tests did not run to the end)`
  }
  for (const line of lines) {
    const [, running] = line.match(/^ +Running .*[/\\]([\w-]+)-[\da-f]{16}(?:\.exe)?\)$/) ?? []
    if (running) {
      yield* ended()
      program = running
      left = 0
    }
    const [, count] = line.match(/^running (\d+) tests?$/) ?? []
    if (count) left = Number(count)
    const [, name, outcome] = line.match(/^test (.+) \.\.\. (ok|FAILED|ignored)\b/) ?? []
    if (!name) continue
    left -= 1
    yield `${{ ok: "passed", FAILED: "failed", ignored: "skipped" }[outcome]} ${program} ${name}`
  }
  yield* ended()
}

function* listed(list) {
  for (const { name } of selected(list)) yield `selected ${name}`
}

const [kind, ...files] = process.argv.slice(2)
const lines = { nextest, vitest, libtest, selected: listed }[kind](...files)
process.stdout.write([...lines].map((line) => `${line.replaceAll("\n", " ")}\n`).join(""))
