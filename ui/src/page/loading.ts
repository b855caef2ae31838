import { addressKey, LONGEST_URL, reportText, type Resource, type Unloaded } from "../bridge/page-report"

/** So long what is refused by a policy is waited for: it is told apart from the element that fails with it. */
const POLICY_MS = 150
/** This many addresses are told of and asked again at most, for one page. */
const MOST_TOLD = 120
const MOST_PROBES = 60
/** How Porthole's own policy begins (`policy` in `extension/src/page.rs`). */
const OWN_POLICY = "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:"

const OF_DIRECTIVE: [string, Resource][] = [
  ["script-src", "script"],
  ["style-src", "style"],
  ["img-src", "image"],
  ["font-src", "font"],
  ["media-src", "media"],
  ["connect-src", "request"],
  ["worker-src", "worker"],
  ["frame-src", "frame"],
  ["child-src", "frame"],
]

/** Files whose type must be right for them to be used at all. */
const TYPES: Partial<Record<Resource, RegExp>> = {
  module: /^(text|application)\/(x-)?(java|ecma)script|^application\/(wasm|json)|^text\/css/,
  style: /^text\/css/,
  worker: /^(text|application)\/(x-)?(java|ecma)script/,
}
/** A script without `type="module"` runs with any type but these, unless its server forbids that. */
const NO_SCRIPT = /^(image|audio|video)\/|^text\/(html|csv|plain)|^application\/octet-stream/

/** A part of a page that failed, before it is known why. */
interface Failed {
  of: Resource
  url: string
}

/**
 * Reports what the page asks for and doesn't get, once for each address. The web view doesn't say why an element failed:
 * what is of the page's own origin is requested once more to find out, without its body.
 */
export class Loading {
  /** Something failed since the page began. */
  failed = false
  readonly #report: (what: Unloaded) => void
  readonly #ask = fetch.bind(globalThis)
  readonly #later = setTimeout.bind(globalThis)
  readonly #origin = location.origin
  readonly #told = new Set<string>()
  readonly #probed = new Set<string>()
  /** What is refused anyway when it is asked for again. */
  readonly #probing = new Set<string>()
  #queue: Promise<void> = Promise.resolve()

  constructor(report: (what: Unloaded) => void) {
    this.#report = report
    addEventListener("error", (event) => this.#element(event), true)
    addEventListener("securitypolicyviolation", (event) => this.#refused(event))
    for (const name of ["Worker", "SharedWorker"] as const) this.#wrap(name)
    // A page of files has none of these entries: there Porthole itself sees what is missing.
    if (/^https?:$/.test(location.protocol)) this.#watchResources()
  }

  /** Looks for fonts that failed: the web view tells of none. */
  look(): void {
    let left = 200
    document.fonts?.forEach((face) => {
      if (left-- <= 0 || face.status !== "error") return
      for (const url of sourcesOf(face)) this.#later(() => this.#find({ of: "font", url }), POLICY_MS)
    })
  }

  #tell(what: Unloaded): void {
    const { url } = what
    const key = addressKey(url)
    this.failed = true
    if (this.#told.has(key) && what.why !== "policy") return
    if (this.#told.size >= MOST_TOLD && !this.#told.has(key)) return
    this.#told.add(key)
    this.#report({ ...what, url: url.slice(0, LONGEST_URL) })
  }

  #element(event: Event): void {
    if (event instanceof ErrorEvent || !(event.target instanceof Element)) return
    const failed = failedIn(event.target)
    if (failed && failed.url !== "") this.#later(() => this.#find(failed), POLICY_MS)
  }

  #refused(event: SecurityPolicyViolationEvent): void {
    const { effectiveDirective: text, blockedURI, disposition, originalPolicy } = event
    if (disposition === "report" || this.#probing.has(addressKey(blockedURI))) return
    const of = OF_DIRECTIVE.find(([directive]) => text.startsWith(directive))?.[1] ?? "file"
    const own = originalPolicy.startsWith(OWN_POLICY)
    this.#tell({ kind: "unloaded", of, url: blockedURI, why: "policy", text: reportText(text), own })
  }

  /** Has a worker that doesn't start told, and changes nothing else of the class. */
  #wrap(name: "Worker" | "SharedWorker"): void {
    const before = (globalThis as Record<string, unknown>)[name]
    if (typeof before !== "function") return
    const failed = (url: unknown, how: (failed: Failed) => void): void => {
      try {
        how({ of: "worker", url: new URL(String(url), document.baseURI).href })
      } catch {
        // No address: the page gets the same error.
      }
    }
    const wrapped = new Proxy(before, {
      construct: (target, args: unknown[], newTarget) => {
        try {
          const made = Reflect.construct(target, args, newTarget) as Worker
          made.addEventListener("error", (event) => {
            // An error that its code throws has a message.
            if (!(event instanceof ErrorEvent)) failed(args[0], (what) => void this.#find(what))
          })
          return made
        } catch (error) {
          const refused = (what: Failed): void => this.#tell({ kind: "unloaded", ...what, why: "origin" })
          if (error instanceof DOMException && error.name === "SecurityError") failed(args[0], refused)
          throw error
        }
      },
    })
    Object.defineProperty(globalThis, name, {
      value: wrapped,
      writable: true,
      configurable: true,
      enumerable: false,
    })
  }

  #watchResources(): void {
    if (typeof PerformanceObserver !== "function") return
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as PerformanceResourceTiming[]) {
        const { name: url, initiatorType: by, transferSize, decodedBodySize } = entry
        if (!url.startsWith(`${this.#origin}/`)) continue
        // What has no byte at all failed, most likely. Of an image in a style sheet not even that is known.
        const empty = transferSize === 0 && decodedBodySize === 0
        if (by === "fetch" || by === "xmlhttprequest" || !(empty || by === "css")) continue
        this.#later(() => this.#find({ of: resourceOf(url, by), url }, true), POLICY_MS)
      }
    })
    observer.observe({ type: "resource", buffered: true })
  }

  /** Finds out why, and tells it. What only `may` have failed is told only when it did. */
  #find(failed: Failed, may = false): void {
    const key = addressKey(failed.url)
    if (this.#told.has(key) || this.#probed.has(key)) return
    const own = failed.url.startsWith(`${this.#origin}/`)
    if (!own || this.#probed.size >= MOST_PROBES) {
      if (!may) this.#tell({ kind: "unloaded", ...failed, why: "network" })
      return
    }
    this.#probed.add(key)
    // One after the other: a page with a hundred broken images asks for nothing at the same time.
    this.#queue = this.#queue.then(() => this.#probe(failed, may)).catch(() => {})
  }

  async #probe(failed: Failed, may: boolean): Promise<void> {
    const { of, url } = failed
    const key = addressKey(url)
    const stop = new AbortController()
    this.#probing.add(key)
    try {
      const response = await this.#ask(url, { signal: stop.signal, credentials: "same-origin" })
      const { status, ok } = response
      const type = (response.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase()
      if (!ok) return this.#tell({ kind: "unloaded", of, url, why: "status", status })
      const wrong = of === "script" ? NO_SCRIPT.test(type) : TYPES[of] && !TYPES[of].test(type)
      if (wrong) return this.#tell({ kind: "unloaded", of, url, why: "type", text: reportText(type) })
      if (!may) this.#tell({ kind: "unloaded", of, url, why: "inner" })
    } catch {
      this.#tell({ kind: "unloaded", of, url, why: "network" })
    } finally {
      stop.abort()
      this.#later(() => this.#probing.delete(key), POLICY_MS)
    }
  }
}

function failedIn(element: Element): Failed | undefined {
  const url = (name: string): string => {
    const written = element.getAttribute(name)
    try {
      return written ? new URL(written, document.baseURI).href : ""
    } catch {
      return ""
    }
  }
  switch (element.localName) {
    case "script":
      return { of: (element as HTMLScriptElement).type === "module" ? "module" : "script", url: url("src") }
    case "link": {
      const rel = (element.getAttribute("rel") ?? "").toLowerCase()
      const of = rel.includes("stylesheet") ? "style" : rel === "modulepreload" ? "module" : "file"
      return { of, url: url("href") }
    }
    case "img":
      return { of: "image", url: (element as HTMLImageElement).currentSrc || url("src") }
    case "input":
      return { of: "image", url: url("src") }
    case "image":
      return { of: "image", url: url("href") }
    case "video":
    case "audio":
    case "source":
    case "track":
      return { of: "media", url: url("src") }
    case "object":
      return { of: "file", url: url("data") }
    case "embed":
      return { of: "file", url: url("src") }
    default:
      return undefined
  }
}

function resourceOf(url: string, by: string): Resource {
  const path = addressKey(url).toLowerCase()
  if (/\.(woff2?|ttf|otf|eot)$/.test(path)) return "font"
  if (by === "img" || /\.(png|jpe?g|gif|svg|webp|avif|ico)$/.test(path)) return "image"
  if (path.endsWith(".css")) return "style"
  if (by === "script") return "module"
  return by === "video" || by === "audio" ? "media" : "file"
}

/** The addresses that the page's style sheets name for a font. */
function sourcesOf(face: FontFace): string[] {
  const family = (text: string): string => text.replace(/^["']|["']$/g, "")
  const found: string[] = []
  for (const sheet of [...document.styleSheets].slice(0, 50)) {
    let rules: CSSRuleList
    try {
      rules = sheet.cssRules
    } catch {
      continue
    }
    for (const rule of [...rules].slice(0, 2_000)) {
      if (!(rule instanceof CSSFontFaceRule)) continue
      if (family(rule.style.getPropertyValue("font-family")) !== family(face.family)) continue
      for (const [, url] of rule.style.getPropertyValue("src").matchAll(/url\(["']?([^"')]+)["']?\)/g)) {
        try {
          found.push(new URL(url!, sheet.href ?? document.baseURI).href)
        } catch {
          // Nothing that could be loaded.
        }
      }
    }
  }
  return found.slice(0, 10)
}
