/** Whether a page shows anything at all. */

/** How much of a page is looked at: one with more shows something. */
const MOST_NODES = 3_000
/** Elements that draw something by themselves. */
const DRAWS = new Set([
  "IMG",
  "SVG",
  "CANVAS",
  "VIDEO",
  "IFRAME",
  "INPUT",
  "BUTTON",
  "TEXTAREA",
  "SELECT",
  "OBJECT",
  "EMBED",
  "METER",
  "PROGRESS",
  "HR",
])

/** When it is looked at first, after the page has loaded or has failed, and how often while it shows nothing. */
const FIRST_MS = 3_000
const AFTER_FAILURE_MS = 1_500
const AGAIN_MS = 1_000

/** Nothing of the document can be seen; undefined when the document itself can't be. */
export function isBlank(): boolean | undefined {
  if (innerWidth === 0 || innerHeight === 0) return undefined
  if (!document.body) return true
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT)
  let left = MOST_NODES
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (left-- <= 0) return false
    if (node instanceof Text) {
      if (node.data.trim() !== "" && isSeen(node.parentElement)) return false
    } else if (draws(node as Element)) return false
  }
  return true
}

function isSeen(element: Element | null): boolean {
  if (!element) return false
  const { width, height } = element.getBoundingClientRect()
  if (width === 0 || height === 0) return element.getClientRects().length > 0 && overflows(element)
  return getComputedStyle(element).visibility === "visible"
}

/** Text may be outside of a box that has no size. */
const overflows = (element: Element): boolean => element.scrollWidth > 0 && element.scrollHeight > 0

function draws(element: Element): boolean {
  const { width, height } = element.getBoundingClientRect()
  if (width === 0 || height === 0) return false
  const style = getComputedStyle(element)
  if (style.visibility !== "visible" || style.opacity === "0") return false
  if (DRAWS.has(element.tagName.toUpperCase()) || element.shadowRoot) return true
  // What a custom element shows may be in a closed tree.
  if (element.localName.includes("-") && element.childElementCount === 0) return true
  const clear = (color: string): boolean => color === "transparent" || color === "rgba(0, 0, 0, 0)"
  return (
    style.backgroundImage !== "none" ||
    !clear(style.backgroundColor) ||
    (parseFloat(style.borderTopWidth) > 0 && style.borderTopStyle !== "none")
  )
}

/** Tells when the page shows nothing, and when it does again. `look` is called before each look. */
export class Blank {
  #blank = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #due = Infinity
  readonly #later = setTimeout.bind(globalThis)
  readonly #now = performance.now.bind(performance)

  constructor(
    private readonly tell: (blank: boolean) => void,
    private readonly look: (blank: boolean) => void,
  ) {
    if (document.readyState === "complete") this.#in(FIRST_MS)
    else addEventListener("load", () => this.#in(FIRST_MS), { once: true })
    // A page whose loading never ends is looked at too.
    this.#in(FIRST_MS * 3)
  }

  /** Something failed: what was drawn may be gone. */
  failed(): void {
    if (this.#now() > FIRST_MS) this.#in(AFTER_FAILURE_MS)
  }

  #in(ms: number): void {
    const due = this.#now() + ms
    if (this.#timer !== undefined && this.#due <= due) return
    clearTimeout(this.#timer)
    this.#due = due
    this.#timer = this.#later(() => this.#see(), ms)
  }

  #see(): void {
    this.#timer = undefined
    const blank = isBlank()
    this.look(blank === true)
    if (blank !== undefined && blank !== this.#blank) this.tell((this.#blank = blank))
    if (blank !== false) this.#in(AGAIN_MS)
  }
}
