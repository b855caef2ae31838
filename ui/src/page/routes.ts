/**
 * Whether a router matches its routes against the path of the page's URL, which ends in the name of the page's file.
 * A blank page with such a router has no route for it. Both routers are recognized by their state in the history.
 */
export function routesByPath(state: unknown, { pathname, search, hash }: Location): boolean {
  if (typeof state !== "object" || state === null || !/\/[^/]+\.html?$/i.test(pathname)) return false
  // Vue Router keeps the URL as it matches it: with a hash history, that is the part after the hash.
  if ("current" in state && "replaced" in state) return state.current === `${pathname}${search}${hash}`
  // React Router keeps the same state for both histories. With HashRouter and no hash, the route is "/".
  return "idx" in state && typeof state.idx === "number" && !hash.startsWith("#/")
}
