/**
 * An editor for code against `ddClient`. What it knows of the language, the language worker tells.
 * Ctrl+Enter is left to the window; Tab moves the focus, as in the other editors.
 */
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete"
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands"
import { javascript } from "@codemirror/lang-javascript"
import { bracketMatching, indentOnInput } from "@codemirror/language"
import { lintKeymap } from "@codemirror/lint"
import { EditorState, type Extension } from "@codemirror/state"
import { drawSelection, EditorView, keymap, lineNumbers, tooltips } from "@codemirror/view"
import { language } from "../language/client"
import { assisted } from "./code-assist"
import { look } from "./editor-look"

export { setText } from "./editor-look"

/** A mark of the page's own in place of the picture: a letter says what the colour says. */
const mark = (severity: string, sign: string, colour: string) => ({
  [`.cm-lint-marker-${severity}`]: { content: "normal", width: "100%", height: "auto" },
  [`.cm-lint-marker-${severity}::before`]: {
    content: `"${sign}"`,
    color: `var(${colour})`,
    fontWeight: "700",
  },
})

const gutters: Extension = EditorView.theme({
  ...mark("error", "✕", "--bad"),
  ...mark("warning", "!", "--warn"),
  ...mark("info", "i", "--accent"),
  ".cm-gutters": { backgroundColor: "var(--panel)", color: "var(--faint)", borderRight: "0" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "26px", padding: "0 4px 0 8px" },
  ".cm-gutter-lint": { width: "14px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0", textAlign: "center" },
  ".cm-line": { padding: "0 9px 0 3px" },
})

interface Named {
  label: string
  /** The mark that the window finds its place to type by. */
  first?: string | undefined
}

/** Puts an editor for code in an element. */
export function codeEditor(
  parent: HTMLElement,
  text: string,
  { label, first }: Named,
  typed: (text: string) => void,
) {
  return new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        javascript({ typescript: true }),
        assisted(language),
        // Outside of the box that the editor is cut to.
        tooltips({ parent: parent.closest("main") ?? document.body }),
        autocompletion({ icons: false, activateOnTypingDelay: 80 }),
        keymap.of([
          ...closeBracketsKeymap,
          ...completionKeymap,
          ...defaultKeymap.filter((binding) => binding.key !== "Mod-Enter"),
          ...historyKeymap,
          ...lintKeymap,
        ]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) typed(update.state.doc.toString())
        }),
        look(label),
        EditorView.contentAttributes.of(first === undefined ? {} : { "data-first": first }),
        gutters,
      ],
    }),
  })
}

/** Puts the cursor at a place and shows it; line and column count from 1. */
export function goTo(view: EditorView, line: number, column = 1): void {
  const { doc } = view.state
  const at = doc.line(Math.max(1, Math.min(line, doc.lines)))
  const anchor = Math.min(at.from + Math.max(0, column - 1), at.to)
  view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) })
  view.focus()
}
