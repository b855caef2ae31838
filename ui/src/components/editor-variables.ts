/** Variables in an editor: each is marked, and underlined where the environment doesn't have it. */
import { StateEffect, StateField, type EditorState, type Extension } from "@codemirror/state"
import { Decoration, EditorView, type DecorationSet, type ViewUpdate } from "@codemirror/view"
import type { UsedVariable } from "../ipc/generated/UsedVariable"
import { meaningText, usesOf, type VariableUse } from "../model/composer/variable-uses"
import { wavy } from "./editor-look"
import { TOOLTIP } from "./tooltip"

interface Marked {
  used: readonly UsedVariable[]
  uses: readonly VariableUse[]
  marks: DecorationSet
}

const tell = StateEffect.define<readonly UsedVariable[]>()

const marked = StateField.define<Marked>({
  create: () => ({ used: [], uses: [], marks: Decoration.none }),
  update(before, { effects, docChanged, newDoc }) {
    const used = effects.findLast((effect) => effect.is(tell))?.value ?? before.used
    if (used === before.used && !docChanged) return before
    const uses = usesOf(newDoc.toString(), used)
    return { used, uses, marks: marksOf(uses, used) }
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

/** Where they are in the text. */
export function variablesIn(state: EditorState): readonly VariableUse[] {
  return state.field(marked).uses
}

/** Whether an update tells of other variables, in a text that may be the same. */
export function tellsVariables({ transactions }: ViewUpdate): boolean {
  return transactions.some(({ effects }) => effects.some((effect) => effect.is(tell)))
}

function marksOf(uses: readonly VariableUse[], used: readonly UsedVariable[]): DecorationSet {
  const meanings = new Map(used.map(({ name, meaning }) => [name, meaning]))
  const ranges = uses.flatMap(({ name, from, to }) => {
    const meaning = meanings.get(name)
    if (meaning === undefined) return []
    const attributes = { [TOOLTIP]: meaningText(name, meaning), "data-variable": name }
    const look = meaning.kind === "unknown" ? "cm-variable unknown" : "cm-variable"
    return [Decoration.mark({ class: look, attributes }).range(from, to)]
  })
  return Decoration.set(ranges)
}
