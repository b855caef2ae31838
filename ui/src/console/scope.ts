/** What the code finds in its global scope, and what it no longer does. */

/** Names that would reach somewhere. The frame's policy stops most; without the name it is said why. */
const CALLED = [
  "fetch",
  "XMLHttpRequest",
  "WebSocket",
  "WebSocketStream",
  "WebTransport",
  "EventSource",
  "importScripts",
  "Worker",
  "SharedWorker",
  "BroadcastChannel",
  "Notification",
  "RTCPeerConnection",
  "postMessage",
  "close",
] as const

/** Places where something could be kept, which an opaque origin has none of. */
const REMOVED = [
  "indexedDB",
  "caches",
  "cookieStore",
  "onmessage",
  "webkitIndexedDB",
  "webkitNotifications",
] as const

/** Does not give the code a way out: from the scope itself and from all that it inherits from. */
export function seal(scope: object): void {
  for (const name of [...CALLED, ...REMOVED]) removeFrom(scope, name)
  for (const name of CALLED) {
    Object.defineProperty(scope, name, { value: absent(name), writable: false, configurable: false })
  }
  const navigator = (scope as { navigator?: object }).navigator
  if (navigator)
    for (const name of ["sendBeacon", "serviceWorker", "storage", "locks"]) removeFrom(navigator, name)
}

function removeFrom(object: object, name: string): void {
  for (let at: object | null = object; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    if (!Object.hasOwn(at, name)) continue
    if (Reflect.deleteProperty(at, name)) continue
    // One that cannot be deleted can sometimes be written over.
    Reflect.defineProperty(at, name, { value: undefined })
  }
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
