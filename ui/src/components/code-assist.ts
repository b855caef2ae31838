/** Completion, hover and diagnostics of the code editor, as the language worker tells them. */
import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete"
import { javascriptLanguage } from "@codemirror/lang-javascript"
import { linter, lintGutter, type Diagnostic } from "@codemirror/lint"
import type { Extension } from "@codemirror/state"
import { EditorView, hoverTooltip, type Tooltip } from "@codemirror/view"
import { mount } from "svelte"
import type { Language } from "../language/client"
import type { CodeDiagnostic, NameInfo } from "../language/protocol"
import DiagnosticCard from "./DiagnosticCard.svelte"

export function assisted(language: Language): Extension {
  return [
    javascriptLanguage.data.of({ autocomplete: (context: CompletionContext) => complete(language, context) }),
    hoverTooltip((view, at) => hover(language, view, at), { hoverTime: 400 }),
    linter(
      async (view) => (await known(language.ask("diagnostics", { code: text(view) })))?.map(diagnostic) ?? [],
      {
        delay: 400,
      },
    ),
    lintGutter({ hoverTime: 200 }),
    look,
  ]
}

const text = (view: EditorView) => view.state.doc.toString()

/** What the worker says, or nothing while it cannot be asked: the editor stays one to type in. */
async function known<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch {
    return undefined
  }
}

async function complete(language: Language, context: CompletionContext): Promise<CompletionResult | null> {
  const word = context.matchBefore(/[\w$]+/)
  const after = context.state.sliceDoc(context.pos - 1, context.pos)
  if (!word && after !== "." && !context.explicit) return null
  const code = context.state.doc.toString()
  const at = context.pos
  const found = await known(language.ask("offers", { code, at }))
  if (!found || context.aborted) return null
  const info = async ({ label }: Completion) => {
    const told = await known(language.ask("nameInfo", { code, at, name: label }))
    return told ? draw(told) : null
  }
  return {
    from: found.from,
    validFor: /^[\w$]*$/,
    options: found.offers.map(({ label, kind, sort, deprecated }) => ({
      label,
      detail: deprecated ? `${kind}, deprecated` : kind,
      // TypeScript's own order first: members before words of the language.
      boost: deprecated ? -20 : 50 - Math.min(50, Number(sort) || 50),
      info,
    })),
  }
}

async function hover(language: Language, view: EditorView, at: number): Promise<Tooltip | null> {
  const found = await known(language.ask("hover", { code: text(view), at }))
  if (!found) return null
  return { pos: found.from, end: found.to, create: () => ({ dom: draw(found) }) }
}

/** Type and text of a name. All of it is text: what the code says is drawn as written. */
function draw({ declared, doc, deprecated }: NameInfo): HTMLElement {
  const part = (tag: string, name: string, text: string) =>
    Object.assign(document.createElement(tag), { className: name, textContent: text })
  const told = part("div", "cm-told", "")
  told.append(part("pre", "cm-told-type", declared))
  if (deprecated !== undefined) told.append(part("p", "cm-told-old", `Deprecated. ${deprecated}`))
  // What is between fences is code.
  doc.split(/```\w*\n?/).forEach((piece, at) => {
    const words = piece.trim()
    if (words !== "")
      told.append(at % 2 === 1 ? part("pre", "cm-told-code", words) : part("p", "cm-told-doc", words))
  })
  return told
}

const SEVERITY = { error: "error", warning: "warning", note: "info" } as const

function diagnostic(finding: CodeDiagnostic): Diagnostic {
  const { from, to, severity, summary, impact, fix } = finding
  return {
    from,
    to,
    severity: SEVERITY[severity],
    message: [summary, impact, fix].filter(Boolean).join("\n"),
    renderMessage: () => {
      const target = document.createElement("div")
      mount(DiagnosticCard, { target, props: { finding } })
      return target
    },
  }
}

const look = EditorView.theme({
  ".cm-tooltip": { borderRadius: "var(--radius)", maxWidth: "min(480px, calc(100vw - 24px))", zIndex: "30" },
  ".cm-diagnostic": { margin: "0", padding: "0", border: "0", fontFamily: "var(--ui)", fontSize: "12px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    fontFamily: "var(--mono)",
    fontSize: "12px",
    maxHeight: "192px",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "2px 8px", lineHeight: "18px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--sel)",
    color: "var(--text)",
  },
  ".cm-completionDetail": {
    color: "var(--mute)",
    fontStyle: "normal",
    fontFamily: "var(--ui)",
    fontSize: "11px",
  },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700", color: "var(--accent)" },
  ".cm-tooltip.cm-completionInfo": { padding: "0", maxWidth: "380px" },
  ".cm-told": { maxHeight: "220px", overflowY: "auto", padding: "6px 9px", fontSize: "12px" },
  ".cm-told-type": { font: "12px var(--mono)", whiteSpace: "pre-wrap", overflowWrap: "anywhere" },
  ".cm-told-code": {
    marginTop: "4px",
    padding: "4px 6px",
    borderRadius: "4px",
    backgroundColor: "var(--bg)",
    font: "11px/16px var(--mono)",
    whiteSpace: "pre-wrap",
    overflowWrap: "anywhere",
  },
  ".cm-told-old": { marginTop: "4px", color: "var(--warn)" },
  ".cm-told-doc": {
    marginTop: "4px",
    color: "var(--mute)",
    whiteSpace: "pre-wrap",
    overflowWrap: "anywhere",
  },
})
