/**
 * The boxes of an argument list: one box an argument, and one box more, the draft, in which the
 * next argument is typed. The draft is at the end, or between two arguments when Enter was
 * pressed there. An empty box is an empty argument; an empty draft is none.
 */
export interface Args {
  readonly boxes: readonly Box[]
  readonly draft: string
  readonly draftAt: number
}

export interface Box {
  /** Tells boxes of equal text apart, so that the focus stays where it is. */
  readonly key: number
  readonly text: string
  /** It came with line ends, which a field of one line would drop. */
  readonly lined: boolean
}

let lastKey = 0

export function argsOf(texts: readonly string[]): Args {
  return { boxes: texts.map(box), draft: "", draftAt: texts.length }
}

/** What is run. A draft counts: nobody expects to confirm the last word before pressing Run. */
export function textsOf(args: Args): string[] {
  const texts = args.boxes.map((b) => b.text)
  if (args.draft !== "") texts.splice(args.draftAt, 0, args.draft)
  return texts
}

export function setBox(args: Args, at: number, text: string): Args {
  return { ...args, boxes: args.boxes.map((b, i) => (i === at ? { ...b, text } : b)) }
}

export function removeBox(args: Args, at: number): Args {
  const draftAt = args.draftAt > at ? args.draftAt - 1 : args.draftAt
  return { ...args, boxes: args.boxes.filter((_, i) => i !== at), draftAt }
}

/** Makes the draft an argument; the next draft follows it. */
export function keepDraft(args: Args): Args {
  if (args.draft === "") return args
  const boxes = args.boxes.toSpliced(args.draftAt, 0, box(args.draft))
  return { boxes, draft: "", draftAt: args.draftAt + 1 }
}

/** Puts the draft after a box, keeping what was typed in it as its own argument. */
export function draftAfter(args: Args, at: number): Args {
  const moved = args.draft !== "" && args.draftAt <= at ? at + 1 : at
  return { ...keepDraft(args), draftAt: moved + 1 }
}

/** Puts the draft back to the end. */
export function draftToEnd(args: Args): Args {
  const kept = keepDraft(args)
  return { ...kept, draftAt: kept.boxes.length }
}

/** Puts words in the place of a box. */
export function replaceBox(args: Args, at: number, words: readonly string[]): Args {
  const boxes = args.boxes.toSpliced(at, 1, ...words.map(box))
  const draftAt = args.draftAt > at ? args.draftAt + words.length - 1 : args.draftAt
  return { ...args, boxes, draftAt }
}

/** Puts words in the place of the draft. */
export function replaceDraft(args: Args, words: readonly string[]): Args {
  const boxes = args.boxes.toSpliced(args.draftAt, 0, ...words.map(box))
  return { boxes, draft: "", draftAt: args.draftAt + words.length }
}

/** What a field would hold after a paste into it. */
export function pastedInto(
  field: Pick<HTMLInputElement, "value" | "selectionStart" | "selectionEnd">,
  pasted: string,
): string {
  const { value, selectionStart, selectionEnd } = field
  return value.slice(0, selectionStart ?? 0) + pasted + value.slice(selectionEnd ?? value.length)
}

function box(text: string): Box {
  return { key: ++lastKey, text, lined: text.includes("\n") }
}
