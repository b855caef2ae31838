/** What the code finds in its global scope, and what it no longer does. */

/**
 * The web's part of what stays, besides the language itself. All else goes, known or not: many an
 * interface of a Worker does its work on the window's thread (a `Blob`, a `MessageChannel`, a
 * permission), and code that makes a million of them in a loop would freeze the window.
 */
const WEB = `
  self window ddClient console location origin name isSecureContext crossOriginIsolated navigator
  setTimeout clearTimeout setInterval clearInterval queueMicrotask structuredClone atob btoa
  performance crypto Crypto SubtleCrypto CryptoKey TextEncoder TextDecoder URL URLSearchParams
  AbortController AbortSignal DOMException Event EventTarget CustomEvent ErrorEvent PromiseRejectionEvent
  addEventListener removeEventListener dispatchEvent reportError onerror onunhandledrejection`

const LANGUAGE = `
  globalThis constructor Infinity NaN undefined eval isFinite isNaN parseFloat parseInt decodeURI
  decodeURIComponent encodeURI encodeURIComponent escape unescape AggregateError Array ArrayBuffer
  AsyncDisposableStack Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date DisposableStack
  Error EvalError FinalizationRegistry Float16Array Float32Array Float64Array Function Int8Array
  Int16Array Int32Array Intl Iterator JSON Map Math Number Object Promise Proxy RangeError ReferenceError
  Reflect RegExp Set SharedArrayBuffer String SuppressedError Symbol SyntaxError Temporal TypeError
  URIError Uint8Array Uint8ClampedArray Uint16Array Uint32Array WeakMap WeakRef WeakSet`

const KEPT = new Set(`${WEB} ${LANGUAGE}`.trim().split(/\s+/))

const KEPT_OF_NAVIGATOR = new Set(
  "constructor userAgent platform language languages onLine hardwareConcurrency appName appVersion".split(
    " ",
  ),
)

/** Of what is gone, what pasted code may well call: it is told why it cannot. */
const EXPLAINED = [
  "fetch",
  "XMLHttpRequest",
  "WebSocket",
  "EventSource",
  "importScripts",
  "Worker",
  "SharedWorker",
  "BroadcastChannel",
  "MessageChannel",
  "Notification",
  "Blob",
  "File",
  "FileReader",
  "FormData",
  "postMessage",
  "close",
] as const

/** Leaves the code no way out but `ddClient`: from the scope itself and all that it inherits from. */
export function seal(scope: object): void {
  const { navigator, URL } = scope as { navigator?: object; URL?: object }
  keepOnly(scope, KEPT)
  if (navigator) keepOnly(navigator, KEPT_OF_NAVIGATOR)
  if (URL) for (const name of ["createObjectURL", "revokeObjectURL"]) remove(URL, name)
  for (const name of EXPLAINED) {
    Object.defineProperty(scope, name, { value: absent(name), writable: false, configurable: false })
  }
}

function keepOnly(object: object, kept: ReadonlySet<string>): void {
  let at: object | null = object
  while (at !== null && at !== Object.prototype) {
    for (const name of Object.getOwnPropertyNames(at)) if (!kept.has(name)) remove(at, name)
    at = Object.getPrototypeOf(at) as object | null
  }
}

/** What cannot be deleted can sometimes be written over. */
function remove(object: object, name: string): void {
  if (!Reflect.deleteProperty(object, name)) Reflect.defineProperty(object, name, { value: undefined })
}

function absent(name: string): (...args: unknown[]) => unknown {
  const text = `${name} is not available in Porthole's console: use ddClient to reach the backend.`
  const say = {
    [name]: function (): unknown {
      // Called with `await` far more often than not.
      if (name === "fetch") return Promise.reject(new TypeError(text))
      throw new TypeError(text)
    },
  }
  return say[name]!
}

/** `require` of compiled code: the packages that an extension's page has from its bundler. */
export function requireOf(modules: Readonly<Record<string, object>>): (name: unknown) => object {
  return (name) => {
    const known = typeof name === "string" && Object.hasOwn(modules, name) ? modules[name] : undefined
    if (known) return known
    const names = Object.keys(modules).join(" and ")
    throw new Error(`There is no module "${String(name)}" in Porthole's console: only ${names}.`)
  }
}
