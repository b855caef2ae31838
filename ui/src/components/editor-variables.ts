/** Variables in an editor: each is marked, and underlined where the environment doesn't have it. */
import { StateEffect, StateField, type EditorState, type Extension } from "@codemirror/state"
import { Decoration, EditorView, type DecorationSet } from "@codemirror/view"
import type { UsedVariable } from "../ipc/generated/UsedVariable"
import { meaningText, usesIn } from "../model/composer/variable-uses"
import { wavy } from "./editor-look"
import { TOOLTIP } from "./tooltip"

interface Marked {
  used: readonly UsedVariable[]
  marks: DecorationSet
}

const tell = StateEffect.define<readonly UsedVariable[]>()

const marked = StateField.define<Marked>({
  create: () => ({ used: [], marks: Decoration.none }),
  update(before, { effects, docChanged, state }) {
    const used = effects.findLast((effect) => effect.is(tell))?.value ?? before.used
    if (used === before.used && !docChanged) return before
    return { used, marks: marksOf(state, used) }
  },
  provide: (field) => EditorView.decorations.from(field, ({ marks }) => marks),
})

/** Marks the variables that `setVariables` tells of. */
export const variables: Extension = [
  marked,
  EditorView.theme({
    ".cm-variable": { borderRadius: "3px", backgroundColor: "var(--accent-soft)" },
    ".cm-variable.unknown": { backgroundColor: "var(--bad-soft)", ...wavy("--bad") },
  }),
]

/** Which variables there are in the text, and what they mean. */
export function setVariables(view: EditorView, used: readonly UsedVariable[]): void {
  if (view.state.field(marked).used !== used) view.dispatch({ effects: tell.of(used) })
}

function marksOf(state: EditorState, used: readonly UsedVariable[]): DecorationSet {
  if (used.length === 0) return Decoration.none
  const meanings = new Map(used.map(({ name, meaning }) => [name, meaning]))
  const ranges = usesIn(state.doc.toString()).flatMap(({ name, from, to }) => {
    const meaning = meanings.get(name)
    if (meaning === undefined) return []
    const attributes = { [TOOLTIP]: meaningText(name, meaning), "data-variable": name }
    const look = meaning.kind === "unknown" ? "cm-variable unknown" : "cm-variable"
    return [Decoration.mark({ class: look, attributes }).range(from, to)]
  })
  return Decoration.set(ranges)
}
