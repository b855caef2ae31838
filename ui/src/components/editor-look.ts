/** How editors look: colours of the page, so that they follow its theme. */
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language"
import { EditorView } from "@codemirror/view"
import { tags } from "@lezer/highlight"

// In parts: WebKit knows no style and colour in the short form.
export const wavy = (colour: string) => ({
  backgroundImage: "none",
  textDecorationLine: "underline",
  textDecorationStyle: "wavy",
  textDecorationColor: `var(${colour})`,
  textUnderlineOffset: "3px",
})

const theme = EditorView.theme({
  // The editor alone: what holds its tooltips at the end of the page has the theme too.
  "&.cm-editor": { height: "100%", backgroundColor: "var(--panel)", color: "var(--text)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", fontSize: "12px", lineHeight: "19px" },
  ".cm-content": { caretColor: "var(--text)", padding: "6px 0" },
  ".cm-line": { padding: "0 9px" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "light-dark(#b9e1e9, #1f5a66)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-soft)" },
  ".cm-lintRange-error": wavy("--bad"),
  ".cm-lintRange-warning": wavy("--warn"),
  ".cm-lintRange-info": wavy("--accent"),
  ".cm-tooltip": { backgroundColor: "var(--panel)", border: "1px solid var(--field-line)" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warn)" },
  ".cm-diagnostic-info": { borderLeftColor: "var(--accent)" },
})

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--json-key)" },
  { tag: [tags.string, tags.regexp, tags.special(tags.string)], color: "var(--json-string)" },
  { tag: tags.number, color: "var(--json-number)" },
  { tag: [tags.bool, tags.null], color: "var(--json-word)" },
  { tag: [tags.keyword, tags.self], color: "var(--json-word)" },
  { tag: [tags.typeName, tags.className], color: "var(--json-number)" },
  { tag: tags.comment, color: "var(--mute)", fontStyle: "italic" },
])

/** The theme, the colours of words, and nothing that spelling would be looked up in. */
export function look(label: string) {
  return [
    theme,
    syntaxHighlighting(colours),
    // It can be typed in and so has the focus anyway; said for those who look for what can be scrolled.
    EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", tabindex: "0" }),
  ]
}

/** Replaces the whole text, unless it is there already. */
export function setText(view: EditorView, text: string): void {
  if (view.state.doc.toString() === text) return
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } })
}
