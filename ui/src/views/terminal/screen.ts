import type { FitAddon } from "@xterm/addon-fit"
import type { ITheme, Terminal } from "@xterm/xterm"
import "@xterm/xterm/css/xterm.css"
import type { Screen, TerminalFeed } from "../../model/terminal/feed.svelte"
import { pastedText } from "../../model/terminal/paste"
import { themeOf } from "./theme"

/** Rows that can be scrolled back to. All that was written is in the log. */
const SCROLLBACK = 5000

export interface ScreenDeps {
  /** What a screen reader calls it. */
  name: string
  feed: TerminalFeed
  copy: (text: string) => void
  openLink: (link: string) => void
  /** Opens the menu of the terminal at its cursor. */
  openMenu: () => void
  /** The build of Windows, where one of its pseudo-consoles draws: older ones wrap lines themselves. */
  windowsBuild: number | undefined
}

/**
 * A terminal as it is drawn, by xterm.js. It lives as long as the program in it, also while something else is shown: what a
 * program has drawn is the sum of all that it wrote.
 */
export class TerminalScreen implements Screen {
  /** What it is drawn in. It can be put anywhere. */
  readonly element = document.createElement("div")
  readonly feed: TerminalFeed
  #terminal: Terminal
  #fit: FitAddon
  #observers: { disconnect(): void }[] = []

  /** xterm.js is large, and loaded for the first terminal. */
  static async open(deps: ScreenDeps, host: HTMLElement): Promise<TerminalScreen> {
    const [{ Terminal }, { FitAddon }] = await Promise.all([
      import("@xterm/xterm"),
      import("@xterm/addon-fit"),
      // It measures letters once.
      document.fonts.load('13px "JetBrains Mono Variable"'),
    ])
    return new TerminalScreen(deps, host, Terminal, FitAddon)
  }

  private constructor(deps: ScreenDeps, host: HTMLElement, Xterm: typeof Terminal, Fit: typeof FitAddon) {
    this.feed = deps.feed
    this.element.className = "screen"
    this.#terminal = new Xterm({
      ...{ scrollback: SCROLLBACK, fontSize: 13, lineHeight: 1.2, cursorBlink: false, logLevel: "off" },
      fontFamily: getComputedStyle(host).getPropertyValue("--mono"),
      theme: this.#theme(host),
      windowsPty:
        deps.windowsBuild === undefined ? {} : { backend: "conpty", buildNumber: deps.windowsBuild },
      // A program chooses colors for another ground than this one.
      minimumContrastRatio: 4.5,
      // A link is text of a program: nothing but the web, and only when it is clicked.
      linkHandler: {
        activate: (event, link) => {
          if (event.button === 0) deps.openLink(link)
        },
        allowNonHttpProtocols: false,
      },
    })
    this.#fit = new Fit()
    this.#terminal.loadAddon(this.#fit)
    host.append(this.element)
    this.#terminal.open(this.element)
    this.#terminal.textarea?.setAttribute("aria-label", deps.name)
    this.#listen(deps)
    this.fit()
  }

  #listen(deps: ScreenDeps): void {
    const { feed } = deps
    const terminal = this.#terminal
    const encoder = new TextEncoder()
    terminal.onData((text) => feed.type(encoder.encode(text)))
    terminal.onBinary((text) => feed.type(Uint8Array.from(text, (one) => one.charCodeAt(0))))
    terminal.onResize(({ cols, rows }) => feed.resize({ columns: cols, rows }))
    terminal.attachCustomKeyEventHandler((event) => {
      const act = this.#actOf(event, deps)
      if (act) {
        if (event.type === "keydown") act()
        event.preventDefault()
        event.stopPropagation()
        return false
      }
      if (feed.ended) return event.shiftKey && event.key.startsWith("Page")
      // The window's shortcuts, and the web view's Ctrl+Shift+V, which pastes.
      return !((event.ctrlKey || event.metaKey) && event.shiftKey)
    })
    // Before xterm.js, which types it as it is.
    this.element.addEventListener("paste", (event) => this.#pasted(event), true)
    const resized = new ResizeObserver(() => this.fit())
    resized.observe(this.element)
    const themed = new MutationObserver(() => this.#recolor())
    themed.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] })
    const dark = matchMedia("(prefers-color-scheme: dark)")
    const recolor = () => this.#recolor()
    dark.addEventListener("change", recolor)
    this.#observers = [resized, themed, { disconnect: () => dark.removeEventListener("change", recolor) }]
  }

  /** What a key does here in place of what it is for programs. */
  #actOf(event: KeyboardEvent, { copy, openMenu }: ScreenDeps): (() => void) | undefined {
    if (!event.ctrlKey || event.altKey) return undefined
    const copies = event.shiftKey ? event.key.toLowerCase() === "c" : event.key === "Insert"
    if (copies) return () => copy(this.#terminal.getSelection())
    return event.shiftKey && event.key === "F10" ? openMenu : undefined
  }

  #pasted(event: ClipboardEvent): void {
    event.preventDefault()
    event.stopPropagation()
    this.paste(event.clipboardData?.getData("text/plain") ?? "")
  }

  /** Types a text as one piece: a program that asked for it learns that it was pasted. */
  paste(text: string): void {
    if (text !== "") this.#terminal.paste(pastedText(text))
  }

  get selection(): string {
    return this.#terminal.getSelection()
  }

  selectAll(): void {
    this.#terminal.selectAll()
  }

  /** Gives it the size of its element. */
  fit(): void {
    // One that isn't shown keeps its size.
    if (this.element.offsetWidth > 0 && this.element.offsetHeight > 0) this.#fit.fit()
  }

  focus(): void {
    this.#terminal.focus()
  }

  /** Sends the size that it has now. */
  tellSize(): void {
    this.feed.resize({ columns: this.#terminal.cols, rows: this.#terminal.rows })
  }

  draw(bytes: Uint8Array): Promise<void> {
    return new Promise((drawn) => this.#terminal.write(bytes, drawn))
  }

  restart(): void {
    this.#terminal.reset()
  }

  /** Nothing can be typed any more; it can be scrolled, selected and copied. */
  end(): void {
    this.#terminal.options.disableStdin = true
    this.#terminal.options.cursorInactiveStyle = "none"
  }

  dispose(): void {
    this.feed.close()
    for (const observer of this.#observers) observer.disconnect()
    this.#terminal.dispose()
    this.element.remove()
  }

  #theme(host: HTMLElement): ITheme {
    return themeOf(host)
  }

  #recolor(): void {
    if (this.element.parentElement) this.#terminal.options.theme = this.#theme(this.element.parentElement)
  }
}
