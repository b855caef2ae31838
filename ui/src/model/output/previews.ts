import type { Preview } from "../../ipc/generated/Preview"
import { count, size } from "../text/numbers"

/** Why a body isn't previewed; absent where it is. */
export function refusedText(preview: Preview): string | undefined {
  switch (preview.kind) {
    case "too_long":
      return `The body is too long for a preview: the limit is ${size(preview.most)}. Save it to view it.`
    case "too_large": {
      const { width, height, most } = preview
      const pixels = `${count(width)} × ${count(height)} pixels`
      return `The image has ${pixels}. Porthole previews up to ${count(most / 1_000_000)} million.`
    }
    case "unknown":
      return "This isn't an image that Porthole can preview: PNG, JPEG, GIF, WebP, AVIF or SVG."
    default:
      return undefined
  }
}

const NAMES: Record<string, string> = {
  "image/png": "PNG",
  "image/jpeg": "JPEG",
  "image/gif": "GIF",
  "image/webp": "WebP",
  "image/avif": "AVIF",
  "image/svg+xml": "SVG",
}

export function formatName(mediaType: string): string {
  return NAMES[mediaType] ?? mediaType
}

const ZOOMS = [0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 8, 16]

/** The next step of the zoom. */
export function nextZoom(zoom: number, larger: boolean): number {
  const next = larger
    ? ZOOMS.find((step) => step > zoom * 1.01)
    : ZOOMS.findLast((step) => step < zoom * 0.99)
  return next ?? zoom
}

export function zoomText(zoom: number): string {
  return `${Math.max(1, Math.round(zoom * 100))} %`
}

/** Elements that an SVG may come to when each `use` is what it stands for. */
const MOST_ELEMENTS = 100_000

/**
 * Whether drawing an SVG would take the window's time: a few lines can repeat each other a billion times.
 * `data` is its bytes in base64.
 */
export function isTooComplex(data: string): boolean {
  const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0))
  const text = new TextDecoder().decode(bytes)
  // Entities can do the same, and no drawing program needs them.
  if (/<!ENTITY/i.test(text)) return true
  const root = new DOMParser().parseFromString(text, "image/svg+xml").documentElement
  const sizes = new Map<Element, number>()
  const within = new Set<Element>()
  const sizeOf = (element: Element): number => {
    const known = sizes.get(element)
    if (known !== undefined) return known
    // A reference to itself isn't drawn.
    if (within.has(element)) return 0
    within.add(element)
    let total = 1
    for (const child of element.children) total += sizeOf(child)
    for (const href of ["href", "xlink:href"]) {
      const id = element.getAttribute(href)
      const target = id?.startsWith("#") ? byId.get(id.slice(1)) : undefined
      if (target !== undefined) total += sizeOf(target)
    }
    within.delete(element)
    sizes.set(element, total)
    return total
  }
  const byId = new Map([...root.querySelectorAll("[id]")].map((element) => [element.id, element]))
  if (deepest(root) > 500) return true
  return sizeOf(root) > MOST_ELEMENTS
}

/** How many elements are in each other, counted without recursion. */
function deepest(root: Element): number {
  let most = 0
  let level: Element[] = [root]
  while (level.length > 0 && most <= 500) {
    most += 1
    level = level.flatMap((element) => [...element.children])
  }
  return most
}

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
const REMOVED =
  "script, noscript, iframe, frame, frameset, object, embed, applet, base, meta[http-equiv], link, portal, template, plaintext"

/**
 * A page that does nothing: its frame has no rights and its policy no network, and what could lead the frame elsewhere
 * is taken out as well.
 */
export function inertPage(html: string): string {
  const page = new DOMParser().parseFromString(html, "text/html")
  for (const element of page.querySelectorAll(REMOVED)) element.remove()
  for (const element of page.querySelectorAll("*")) {
    for (const { name, value } of [...element.attributes]) {
      const leads = ["href", "xlink:href", "action", "formaction", "ping", "target"].includes(name)
      if (name.startsWith("on") || (leads && !value.startsWith("#"))) element.removeAttribute(name)
    }
  }
  const policy = page.createElement("meta")
  policy.httpEquiv = "Content-Security-Policy"
  policy.content = POLICY
  page.head.prepend(policy)
  const doctype = page.doctype === null ? "" : "<!doctype html>"
  return doctype + page.documentElement.outerHTML
}
