import { defaultKeymap, history, historyKeymap } from "@codemirror/commands"
import { json } from "@codemirror/lang-json"
import { bracketMatching, ensureSyntaxTree, indentOnInput } from "@codemirror/language"
import { linter, lintKeymap, type Diagnostic } from "@codemirror/lint"
import { EditorState } from "@codemirror/state"
import { drawSelection, EditorView, keymap } from "@codemirror/view"
import { look } from "./editor-look"

export { setText } from "./editor-look"

const PARSE_MS = 50

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
        linter((view) => mistakes(view.state), { delay: 300 }),
        keymap.of([
          ...defaultKeymap.filter((binding) => binding.key !== "Mod-Enter"),
          ...historyKeymap,
          ...lintKeymap,
        ]),
        EditorView.lineWrapping,
        EditorView.updateListener.of((update) => {
          if (update.docChanged) typed(update.state.doc.toString())
        }),
        look(label),
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
