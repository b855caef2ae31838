/** What a context menu does with text: in a field, in an editor of code, and with what is selected. */

import { copyText } from "./copy"
import type { MenuEntry } from "./context-menu"

/** Reads the clipboard; nothing where it has no text, or may not be read. */
export type ReadClipboard = () => Promise<string | undefined>

type Field = HTMLInputElement | HTMLTextAreaElement

/** A field or an editor, as far as a menu needs it. */
interface Editing {
  selected: string
  /** Nothing in it can be changed. */
  readonly: boolean
  /** Secrets aren't copied. */
  secret: boolean
  canUndo: boolean
  undo: () => void
  insert: (text: string) => void
  selectAll: () => void
}

/** Entries for the field that is under the pointer; none where there is none. */
export async function editingAt(target: Element): Promise<Editing | undefined> {
  const content = target.closest<HTMLElement>(".cm-content")
  if (content !== null) return (await import("./editor-editing")).editingOf(content)
  const field = fieldAt(target)
  return field === undefined ? undefined : ofField(field)
}

export function entriesOf(editing: Editing, read: ReadClipboard): MenuEntry[][] {
  const { selected, readonly, secret } = editing
  const copies = selected !== "" && !secret
  const paste = async () => {
    const text = await read()
    if (text !== undefined) editing.insert(text)
  }
  return [
    [{ id: "edit-undo", text: "Undo", disabled: readonly || !editing.canUndo, choose: editing.undo }],
    [
      {
        id: "edit-cut",
        text: "Cut",
        disabled: readonly || !copies,
        choose: () => void copyText(selected).then(() => editing.insert("")),
      },
      { id: "edit-copy", text: "Copy", disabled: !copies, choose: () => void copyText(selected) },
      { id: "edit-paste", text: "Paste", disabled: readonly, choose: () => void paste() },
    ],
    [{ id: "edit-select-all", text: "Select all", choose: editing.selectAll }],
  ]
}

const TEXT = new Set(["text", "search", "password", "url", "email", "tel", "number", ""])

function fieldAt(target: Element): Field | undefined {
  if (target instanceof HTMLTextAreaElement) return target
  return target instanceof HTMLInputElement && TEXT.has(target.type) ? target : undefined
}

function ofField(field: Field): Editing {
  const start = field.selectionStart ?? 0
  const end = field.selectionEnd ?? 0
  const within = () => {
    field.focus()
    field.setSelectionRange(start, end)
  }
  return {
    selected: field.value.slice(start, end),
    readonly: field.readOnly || field.disabled,
    secret: field.type === "password",
    // Only what the web view itself remembers of this field can be undone.
    canUndo: document.activeElement === field && document.queryCommandEnabled("undo"),
    undo: () => {
      within()
      document.execCommand("undo")
    },
    insert: (text) => {
      within()
      // As if it was typed: it can be undone, and the form hears of it.
      document.execCommand(text === "" ? "delete" : "insertText", false, text)
    },
    selectAll: () => {
      field.focus()
      field.select()
    },
  }
}
