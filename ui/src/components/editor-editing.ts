/** An editor of code as a context menu edits it. Loaded with the first such menu. */

import { selectAll, undo, undoDepth } from "@codemirror/commands"
import { EditorView } from "@codemirror/view"

export function editingOf(content: HTMLElement) {
  const view = EditorView.findFromDOM(content)
  if (view === null) return undefined
  const { state } = view
  const selected = state.selection.ranges.map(({ from, to }) => state.sliceDoc(from, to)).join("\n")
  const act = (command: (view: EditorView) => boolean) => () => {
    view.focus()
    command(view)
  }
  return {
    selected,
    readonly: state.readOnly,
    secret: false,
    canUndo: undoDepth(state) > 0,
    undo: act(undo),
    insert: (text: string) => {
      view.focus()
      view.dispatch({ ...view.state.replaceSelection(text), userEvent: "input.paste", scrollIntoView: true })
    },
    selectAll: act(selectAll),
  }
}
