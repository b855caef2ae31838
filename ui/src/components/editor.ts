import { defaultKeymap, history, historyKeymap } from "@codemirror/commands"
import { json } from "@codemirror/lang-json"
import { bracketMatching, indentOnInput } from "@codemirror/language"
import { linter, lintKeymap, type Diagnostic } from "@codemirror/lint"
import { EditorState } from "@codemirror/state"
import { drawSelection, EditorView, keymap } from "@codemirror/view"
import { jsonProblem } from "../model/composer/json"
import { look } from "./editor-look"
import { tellsVariables, variables, variablesIn } from "./editor-variables"

export { setText } from "./editor-look"
export { setVariables } from "./editor-variables"

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
        linter((view) => mistakes(view.state), { delay: 300, needsRefresh: tellsVariables }),
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
        variables,
      ],
    }),
  })
}

/** Where it stops being JSON. */
function mistakes(state: EditorState): Diagnostic[] {
  const text = state.doc.toString()
  const problem = text.trim() === "" ? undefined : jsonProblem(text, variablesIn(state))
  if (problem === undefined) return []
  const { from, to, message } = problem
  // What is missing at the end is marked at the last character.
  return [{ from: from === to ? Math.max(0, from - 1) : from, to, severity: "error", message }]
}
