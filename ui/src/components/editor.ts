import { defaultKeymap, history, historyKeymap } from "@codemirror/commands"
import { json } from "@codemirror/lang-json"
import {
  bracketMatching,
  ensureSyntaxTree,
  HighlightStyle,
  indentOnInput,
  syntaxHighlighting,
} from "@codemirror/language"
import { linter, lintKeymap, type Diagnostic } from "@codemirror/lint"
import { EditorState } from "@codemirror/state"
import { drawSelection, EditorView, keymap } from "@codemirror/view"
import { tags } from "@lezer/highlight"

const PARSE_MS = 50

// Colours of the page, so that the editor follows its theme.
const look = EditorView.theme({
  "&": { height: "100%", backgroundColor: "var(--panel)", color: "var(--text)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", fontSize: "12px", lineHeight: "19px" },
  ".cm-content": { caretColor: "var(--text)", padding: "6px 0" },
  ".cm-line": { padding: "0 9px" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "light-dark(#b9e1e9, #1f5a66)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-soft)" },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--bad)",
    textUnderlineOffset: "3px",
  },
  ".cm-tooltip": { backgroundColor: "var(--panel)", border: "1px solid var(--field-line)" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
})

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--json-key)" },
  { tag: tags.string, color: "var(--json-string)" },
  { tag: tags.number, color: "var(--json-number)" },
  { tag: [tags.bool, tags.null], color: "var(--json-word)" },
])

/** Puts an editor for JSON in an element. Ctrl+Enter is left to the window; Tab moves the focus. */
export function jsonEditor(parent: HTMLElement, text: string, label: string, typed: (text: string) => void) {
  return new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        json(),
        syntaxHighlighting(colours),
        linter((view) => mistakes(view.state), { delay: 300 }),
        keymap.of([
          ...defaultKeymap.filter((binding) => binding.key !== "Mod-Enter"),
          ...historyKeymap,
          ...lintKeymap,
        ]),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) typed(update.state.doc.toString())
        }),
        look,
      ],
    }),
  })
}

/** Where it stops being JSON. `JSON.parse` decides whether; WebKit's does not tell where. */
function mistakes(state: EditorState): Diagnostic[] {
  const text = state.doc.toString()
  if (text.trim() === "") return []
  try {
    JSON.parse(text)
    return []
  } catch (thrown) {
    let at: number | undefined
    ensureSyntaxTree(state, state.doc.length, PARSE_MS)?.iterate({
      enter: (node) => {
        if (node.type.isError) at ??= node.from
      },
    })
    // The tree is more lenient than JSON in places: then the whole text is marked.
    const from = at === undefined ? 0 : Math.max(0, Math.min(at, text.length - 1))
    const to = at === undefined ? text.length : from + 1
    return [{ from, to, severity: "error", message: thrown instanceof Error ? thrown.message : "not JSON" }]
  }
}

/** Replaces the whole text, unless it is there already. */
export function setText(view: EditorView, text: string): void {
  if (view.state.doc.toString() === text) return
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } })
}
