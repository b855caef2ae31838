/** What a page asked for and didn't get, in words: what it is, why, and what to do. */
import type { UnloadedEntry } from "../guest/entry"
import type { Miss } from "../../ipc/generated/Miss"
import type { OpenedPage } from "../../ipc/generated/OpenedPage"
import type { Runtime } from "../../ipc/generated/Runtime"
import { originOf } from "../../page/frame"
import { addressKey, type Resource, type Unloaded } from "../../bridge/page-report"
import { nameOf } from "../target/runtimes"

/** This many addresses of one page have an entry each; one more entry counts the others. */
export const MOST_UNLOADED = 50
/** The longest address that is shown. */
const LONGEST_SHOWN = 300

const WHAT: Record<Resource, string> = {
  script: "Script",
  module: "Module",
  style: "Style sheet",
  image: "Image",
  font: "Font",
  media: "Video or audio",
  frame: "Frame",
  worker: "Worker",
  request: "Request",
  file: "File",
}

/** Which of two reasons is shown for one address: that which explains more. */
const WEIGHT = { inner: 0, network: 1, origin: 1, type: 2, status: 2, missing: 3, policy: 4 } as const
export type Reason = keyof typeof WEIGHT

export interface Described {
  /** By what two reports are of the same thing. */
  key: string
  reason: Reason
  entry: UnloadedEntry
}

export const explainsMore = (one: Reason, than: Reason): boolean => WEIGHT[one] > WEIGHT[than]

/** A report of the client in the page. */
export function describe(what: Unloaded, opened: OpenedPage): Described {
  const url = shown(what.url, opened)
  const [reason, fix] = why(what, opened)
  const entry = { kind: "unloaded", what: WHAT[what.of], url, reason, fix, times: 1 } as const
  return { key: addressKey(what.url), reason: what.why, entry }
}

/** A file that the page's folder doesn't have. */
export function describeMiss({ path, reason }: Miss, opened: OpenedPage): Described {
  const folder = short(opened.built ?? opened.manifest.tab?.root?.text ?? "/")
  const entry = {
    kind: "unloaded",
    what: WHAT[kindOf(path)],
    url: path.slice(0, LONGEST_SHOWN),
    reason: `Not in the page's folder ${folder}: ${reason}.`,
    fix: "Check the path, and whether the build puts the file there. A path that begins with / starts at that folder.",
    times: 1,
  } as const
  return { key: addressKey(originOf(opened.url) + path), reason: "missing", entry }
}

/** The entry that represents all that have none. */
export const others = (times: number): UnloadedEntry => ({
  kind: "unloaded",
  what: "",
  url: "",
  reason: `${times.toLocaleString("en")} more ${times === 1 ? "file wasn't" : "files weren't"} loaded.`,
  fix: "Fix the first ones: the others often have the same cause.",
  times,
})

/** What a page that reads Docker Desktop's themes is told on a runtime without them. */
export const themesFinding = (runtime: Runtime) =>
  ({
    kind: "finding",
    summary: `The page needs Docker Desktop's themes, which ${nameOf(runtime)} doesn't have.`,
    detail:
      "window.__ddMuiV5Themes and window.__ddMuiV6Themes exist in Docker Desktop only. The package @docker/docker-mui-theme 0.0.13 reads them and has no fallback, so the page fails to render.",
    fix: "Use @docker/docker-mui-theme 0.0.11, which brings its own themes, or render your own ThemeProvider when the globals are undefined.",
  }) as const

/** The finding for a blank page whose router has no route for its file. */
export const ROUTES_FINDING = {
  kind: "finding",
  summary: "The page's router has no route for the page's file.",
  detail:
    "The router matches its routes against the path of the URL. Rancher Desktop, Podman Desktop and Porthole load the page by its file name, for example /index.html. A development server serves it at /, so it works there.",
  fix: "Use a history that doesn't depend on the path: createWebHashHistory (Vue Router), HashRouter or MemoryRouter (React Router).",
} as const

function shown(url: string, { url: page }: OpenedPage): string {
  const origin = originOf(page)
  return short(origin !== "" && url.startsWith(`${origin}/`) ? url.slice(origin.length) : url)
}

/** An address or a path with its middle cut out, where it is too long to show. */
function short(text: string): string {
  if (text.length <= LONGEST_SHOWN) return text
  const half = LONGEST_SHOWN / 2
  return `${text.slice(0, half)}…${text.slice(-half)}`
}

function kindOf(path: string): Resource {
  const end = /\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase() ?? ""
  if (["js", "mjs", "cjs", "ts", "tsx", "jsx"].includes(end)) return "script"
  if (end === "css") return "style"
  if (["png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "ico"].includes(end)) return "image"
  if (["woff", "woff2", "ttf", "otf", "eot"].includes(end)) return "font"
  return ["mp4", "webm", "mp3", "ogg", "wav"].includes(end) ? "media" : "file"
}

/** The reason, and what to do. */
function why(what: Unloaded, opened: OpenedPage): [string, string] {
  const { of, status = 0, text = "" } = what
  switch (what.why) {
    case "policy":
      return what.own ? ofOwnPolicy(what) : ofTheirPolicy(text)
    case "status":
      return [
        opened.served
          ? `The development server responded with status ${status}.`
          : `Not found in the page's folder (status ${status}).`,
        status >= 500
          ? "Look at the output of the development server."
          : "Check the path, and whether the file is part of the page.",
      ]
    case "type":
      return ofType(of, text)
    case "inner":
      if (of === "image" || of === "media")
        return ["The file can't be decoded.", "Check that it isn't damaged."]
      return of === "style"
        ? ["The file is there, but a style sheet that it imports isn't.", "Check its @import rules."]
        : [
            "The file is there, but it can't be run: a module that it imports wasn't loaded, or its syntax is invalid.",
            "Look for that module or an uncaught error in this log.",
          ]
    case "origin":
      return [
        "A worker must come from the page's own origin.",
        "Add the worker's script to the page's files, or start it from a blob: URL.",
      ]
    case "network":
      return [
        "No usable response: the server can't be reached, or its CORS headers don't allow the page to read it.",
        "Check the address, and the server's CORS headers.",
      ]
  }
}

function ofType(of: Resource, type: string): [string, string] {
  const as = { style: "a style sheet", worker: "a worker's script" }[of as "style" | "worker"] ?? "a script"
  const shown = type === "" ? "without a type" : `as ${type}`
  const reason = `It was served ${shown}, which can't be used as ${as}.`
  if (type === "text/html")
    return [reason, "The server returns its index page for unknown paths. Check the path."]
  if (of === "style")
    return [reason, "Serve the file as text/css, and check that the path names a style sheet."]
  return [
    reason,
    "Reference the built file. Browsers don't run TypeScript or JSX; the project's development server compiles it.",
  ]
}

const ofTheirPolicy = (directive: string): [string, string] => [
  `Refused by a content security policy of the page itself (${directive}).`,
  'Change the policy in its <meta http-equiv="Content-Security-Policy"> or in the header of its server.',
]

function ofOwnPolicy({ of, url, text = "" }: Unloaded): [string, string] {
  const refused = (why: string): string => `Refused by Porthole's policy for pages (${text}): ${why}.`
  const local = /^(?:https?|wss?):\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::(\d{1,5}))?(?:\/|$)/i.exec(url)
  if (local) {
    const port = local[1] ?? "80"
    return [
      refused("on this machine, a page can reach only the ports that its backend publishes"),
      of === "script"
        ? "Add the script to the page's own files, or load the page from its development server."
        : `If the backend's compose file publishes port ${port}, start the backend and reload the page. If not, publish it there, or call the backend with ddClient.extension.vm.service.`,
    ]
  }
  if (of === "script" || of === "worker")
    return [
      refused(`a ${of} from another machine isn't run`),
      `Add the ${of === "worker" ? "worker's script" : "script"} to the page's own files, for example as an npm package that the build bundles.`,
    ]
  if (/^(http|ws):/i.test(url)) {
    const to = url.startsWith("http") ? "https:" : "wss:"
    return [refused("the connection isn't encrypted"), `Use ${to}, or add the file to the page's own files.`]
  }
  if (text.startsWith("object-src"))
    return [refused("plugins aren't run"), "Use an <img>, an <iframe> or a <video> element."]
  return [
    refused("a page can't use this address"),
    "Add what it needs to the page's own files, or use an https: address.",
  ]
}
