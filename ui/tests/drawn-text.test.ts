import type { Component } from "svelte"
import { render } from "svelte/server"
import { expect, test } from "vitest"
import InlineCode from "../src/components/InlineCode.svelte"
import ShownValue from "../src/components/ShownValue.svelte"
import TroubleNote from "../src/components/TroubleNote.svelte"
import { serialize } from "../src/bridge/serialize"

const HIDDEN = [
  ["\u200b", "⟨U+200B⟩", "zero-width space"],
  ["\u00a0", "⟨U+00A0⟩", "no-break space"],
  ["\ufeff", "⟨U+FEFF⟩", "byte order mark"],
  ["\u202e", "⟨U+202E⟩", "right-to-left override"],
  ["\u2066", "⟨U+2066⟩", "left-to-right isolate"],
  ["\u00ad", "⟨U+00AD⟩", "soft hyphen"],
  ["\u2028", "⟨U+2028⟩", "line separator"],
  ["\u{e0041}", "⟨U+E0041⟩", "U+E0041"],
] as const

/** What a component draws, without the comments of the framework and the tags. */
// A component's properties have no index.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
function drawn<P extends Record<string, any>>(component: Component<P>, props: NoInfer<P>): string {
  return render(component as Component, { props }).body.replace(/<!--.*?-->/g, "")
}
const text = (html: string) => html.replace(/<[^>]*>/g, "")

test("hidden characters in values of the console are drawn as marks that name them", () => {
  for (const [hidden, mark, name] of HIDDEN) {
    const word = `a${hidden}b`
    class Odd extends Error {
      override name = `E${hidden}`
    }
    for (const [value, bare] of [
      [word, true],
      [word, false],
      [[word], false],
      [{ key: word }, false],
      [{ [word]: 1 }, false],
      [new Map([[word, word]]), false],
      [Symbol(word), false],
      [Object.defineProperty(() => 1, "name", { value: word }), false],
      [new Error(word), true],
      [new Odd("x"), true],
    ] as const) {
      const html = drawn(ShownValue, { shown: serialize(value), bare })
      expect(html, `${mark} in ${typeof value}`).toContain(mark)
      expect(html, mark).toContain(`data-tooltip="${name}"`)
      expect(html, mark).not.toContain(hidden)
    }
    // The name of a member that was opened.
    const html = drawn(ShownValue, { shown: serialize(1), name: word })
    expect(text(html), mark).toContain(`a${mark}b:`)
    expect(html).not.toContain(hidden)
  }
})

test("a printed text keeps its blanks, its lines and its emojis", () => {
  const printed = "  two  words\t✔️\n  and a line"
  expect(text(drawn(ShownValue, { shown: serialize(printed), bare: true }))).toContain(printed)
  expect(drawn(ShownValue, { shown: serialize(printed), bare: true })).not.toContain('class="mark')
})

test("hidden characters in sentences about an extension and in errors are marks too", () => {
  for (const [hidden, mark] of HIDDEN) {
    const sentence = `the key \`ti${hidden}tle\` isn't known${hidden}`
    for (const html of [
      drawn(InlineCode, { text: sentence }),
      drawn(InlineCode, { text: sentence, blanks: "marked" }),
      drawn(TroubleNote, {
        trouble: { code: "engine_lost", message: sentence, detail: sentence, hint: sentence },
      }),
    ]) {
      expect(html, mark).toContain(mark)
      expect(html, mark).not.toContain(hidden)
    }
  }
})

test("where the user decides by a sentence, blanks in its code are marks, and those beside its code aren't", () => {
  const html = drawn(InlineCode, { text: "not found: `a  b ` in `c`\nd ", blanks: "marked" })
  expect(text(html)).toBe("not found: a␣␣b␣ in c⏎d␣")
})
