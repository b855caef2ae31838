/**
 * Keeps the keyboard of the window from a page in a frame. What is typed or pasted belongs to the page only after the
 * user clicked or tabbed into it.
 *
 * What WebKitGTK 2.50 does, tried with real keys: once the user has clicked into a frame, scripts in it can take the
 * focus at any time, from a timer, whether the frame is inert, hidden or `display: none`. So `inert` alone keeps only
 * the pointer out. In addition:
 * - focus that the page takes by itself is taken back at once, and when it insists, the page is stopped: before the
 *   user has typed more than a key or so. A text field that lost it at that very moment gets it back. Nothing else does:
 *   a select or a button that the user left long ago would take the keys as a choice;
 * - the client in the page (`shield.ts`) lets no script of the page's document see keys or pastes until then.
 */

import { KEY_KEPT } from "../../bridge/page-messages"

/** A page that takes the keyboard more often than this within `WITHIN_MS`, from somebody who types, is stopped. */
export const MOST_TAKEN = 3
const WITHIN_MS = 10_000
/** A field that lost the keyboard so shortly before lost it to the page. */
const AT_ONCE_MS = 100
/** The user who pressed a key so shortly before is typing. */
const TYPING_MS = 1_000

/** Where the frame is, and what may be had from it. */
export interface Frame {
  /** Nothing of it is seen, or a prompt lies over it: it gets nothing at all. */
  covered: () => boolean
  /** It takes the keyboard again and again. */
  insists: () => void
  /** Whether the page may have keys from now on. */
  entered: (is: boolean) => void
}

/** What takes text. */
export function isField(element: Element | null): boolean {
  if (element instanceof HTMLInputElement)
    return !["button", "checkbox", "color", "file", "image", "radio", "range", "reset", "submit"].includes(
      element.type,
    )
  if (element instanceof HTMLTextAreaElement) return true
  return element instanceof HTMLElement && element.isContentEditable
}

export class PageFocus {
  /** A field of the window has the keyboard. */
  typing = $state(false)
  /** The user went into the page. */
  entered = $state(false)

  #frame: HTMLIFrameElement | undefined
  #to: Frame | undefined
  /** The window itself moves the focus into the frame. */
  #entering = false
  /** When it was taken, the last times. */
  #taken: number[] = []
  /** The text field that lost the focus last, to nothing else in the window, and when. */
  #lost: { field: HTMLElement; at: number } | undefined
  /** When a key was last pressed in the window. */
  #pressed = -Infinity

  /** Watches over a frame, until what it returns is called. */
  watch(frame: HTMLIFrameElement, to: Frame): () => void {
    this.#frame = frame
    this.#to = to
    this.#taken = []
    this.#lost = undefined
    this.entered = false
    this.look()
    const on = {
      focusin: (event: FocusEvent) => {
        // What the user went on to from a field doesn't give the focus back to that field.
        if (event.target !== frame) this.#lost = undefined
        this.#see(event.target as Element)
      },
      focusout: ({ target }: FocusEvent) => {
        const field = target instanceof HTMLElement && isField(target) ? target : undefined
        this.#lost = field && { field, at: performance.now() }
        this.typing = false
      },
      keydown: (event: KeyboardEvent) => event.isTrusted && (this.#pressed = performance.now()),
      // Where every key finds the page with the keyboard, the window sees none of them.
      message: ({ source, data }: MessageEvent<unknown>) => {
        if (data === KEY_KEPT && source === frame.contentWindow) this.#pressed = performance.now()
      },
      focus: (event: FocusEvent) => event.target === window && this.#back(),
      blur: (event: FocusEvent) => event.target === window && this.#left(),
    }
    const kinds = Object.keys(on) as (keyof typeof on)[]
    for (const kind of kinds) addEventListener(kind, on[kind] as EventListener, true)
    return () => {
      for (const kind of kinds) removeEventListener(kind, on[kind] as EventListener, true)
      // The next frame may be watched already.
      if (this.#frame !== frame) return
      this.#frame = this.#to = undefined
      this.entered = false
    }
  }

  /** Looks who has the keyboard: a field that is taken away loses it without a word. */
  look(): void {
    this.#see(document.activeElement)
  }

  /** The user goes into the page. */
  enter(): void {
    if (!this.#frame || this.#to?.covered()) return
    this.#taken = []
    this.#lost = undefined
    this.#entering = true
    this.#set(true)
    // Now, and not with the next drawing: what is inert takes no focus.
    this.#frame.inert = false
    this.#frame.focus()
    this.#entering = false
  }

  /** The frame went out of sight with the keyboard in it. */
  leave(): void {
    if (this.entered && document.activeElement === this.#frame) this.#takeBack(undefined)
  }

  #see(element: Element | null): void {
    this.typing = isField(element)
  }

  #back(): void {
    this.#set(false)
  }

  /** The focus left the window's own document, for the frame or for another window. */
  #left(): void {
    const frame = this.#frame
    if (!frame || document.activeElement !== frame) return
    // A frame is `:active` as long as it is pressed: no script can make it so.
    if (this.#entering || (frame.matches(":active") && !this.#to?.covered())) {
      this.#taken = []
      this.#lost = undefined
      this.#set(true)
      return
    }
    // A page may well focus its own field at times. It must not insist while the user types.
    const now = performance.now()
    this.#taken = this.#taken.filter((at) => now - at < WITHIN_MS)
    const lost = this.#lost && now - this.#lost.at < AT_ONCE_MS ? this.#lost.field : undefined
    this.#lost = undefined
    if (lost || now - this.#pressed < TYPING_MS) this.#taken.push(now)
    const insists = this.#taken.length > MOST_TAKEN
    // The web view is still moving the focus, and would ignore another move.
    queueMicrotask(() => {
      this.#takeBack(lost)
      if (insists) this.#to?.insists()
    })
  }

  /** Without a field that the page took it from, nothing has the focus then: keys are the window's shortcuts at most. */
  #takeBack(field: HTMLElement | undefined): void {
    this.#frame?.blur()
    window.focus()
    if (field?.isConnected) field.focus({ preventScroll: true })
    this.#set(false)
  }

  #set(entered: boolean): void {
    if (entered === this.entered) return
    this.entered = entered
    this.#to?.entered(entered)
  }
}
