import { THEME_GLOBALS } from "./themes"

/** What is read of the page's own scripts to find the globals in them. */
const MOST_BYTES = 8 * 1024 * 1024
const MOST_SCRIPTS = 20
/** This many errors are looked into. */
const MOST_ERRORS = 5
/** How far from the place of an error the name may be: a bundle may be one long line. */
const LINES_AROUND = 12
const CHARS_AROUND = 1_500

const names = (text: string): boolean => THEME_GLOBALS.some((name) => text.includes(name))

/**
 * Finds out whether a page fails for want of Docker Desktop's themes, where the runtime has none: by the error, by the
 * code at its place, or by all of its scripts when it shows nothing.
 */
export class NeedsThemes {
  #told = false
  #errors = 0
  #scanned = false
  readonly #ask = fetch.bind(globalThis)
  readonly #origin = location.origin

  constructor(private readonly tell: () => void) {}

  /** Something was thrown, or printed as an error. */
  see(error: unknown): void {
    if (this.#told || !(error instanceof Error) || this.#errors >= MOST_ERRORS) return
    this.#errors += 1
    const { message, stack } = error
    if (names(`${message}\n${stack}`)) return this.#found()
    if (error instanceof TypeError) void this.#look(String(stack))
  }

  /** The page shows nothing: that may be for want of them without any error. */
  blank(): void {
    if (this.#told || this.#scanned) return
    this.#scanned = true
    void this.#scan()
  }

  async #look(stack: string): Promise<void> {
    const [, url, line, column] = /((?:ext|https?):\/\/[^\s()]+?):(\d+):(\d+)/.exec(stack) ?? []
    if (url === undefined) return
    const text = await this.#read(url)
    const lines = text.split("\n")
    const at = Number(line) - 1
    const here = lines[at] ?? ""
    const around =
      here.length > CHARS_AROUND
        ? here.slice(Math.max(0, Number(column) - CHARS_AROUND), Number(column) + CHARS_AROUND)
        : lines.slice(Math.max(0, at - LINES_AROUND), at + LINES_AROUND).join("\n")
    if (names(around)) this.#found()
  }

  async #scan(): Promise<void> {
    const urls = new Set<string>()
    for (const { src } of document.scripts) urls.add(src)
    for (const link of document.querySelectorAll<HTMLLinkElement>("link[rel=modulepreload]"))
      urls.add(link.href)
    for (const entry of performance.getEntriesByType("resource"))
      if ((entry as PerformanceResourceTiming).initiatorType === "script") urls.add(entry.name)
    for (const url of [...urls].slice(0, MOST_SCRIPTS)) {
      if (this.#told) return
      if (names(await this.#read(url))) this.#found()
    }
  }

  /** The text of a script of the page, as far as that is read. */
  async #read(url: string): Promise<string> {
    if (!url.startsWith(`${this.#origin}/`)) return ""
    const stop = new AbortController()
    try {
      const response = await this.#ask(url, { signal: stop.signal })
      const reader = response.ok ? response.body?.getReader() : undefined
      if (!reader) return ""
      const decoder = new TextDecoder()
      let text = ""
      for (let left = MOST_BYTES; left > 0;) {
        const { done, value } = await reader.read()
        if (done) break
        left -= value.length
        text += decoder.decode(value, { stream: true })
      }
      return text
    } catch {
      return ""
    } finally {
      stop.abort()
    }
  }

  #found(): void {
    if (this.#told) return
    this.#told = true
    this.tell()
  }
}
