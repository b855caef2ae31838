/** What is suggested as the name of a header. */
export const HEADERS: readonly string[] = [
  "Accept",
  "Accept-Encoding",
  "Accept-Language",
  "Authorization",
  "Cache-Control",
  "Content-Type",
  "Cookie",
  "Host",
  "If-Match",
  "If-Modified-Since",
  "If-None-Match",
  "Last-Event-ID",
  "Origin",
  "Range",
  "Referer",
  "User-Agent",
  "X-Forwarded-For",
  "X-Request-Id",
  "X-Requested-With",
]

const TYPES = [
  "application/json",
  "application/octet-stream",
  "application/x-www-form-urlencoded",
  "application/xml",
  "text/event-stream",
  "text/html",
  "text/plain",
]

const VALUES: Readonly<Record<string, readonly string[]>> = {
  accept: ["*/*", ...TYPES],
  "accept-encoding": ["br", "deflate", "gzip", "identity"],
  authorization: ["Basic ", "Bearer "],
  "cache-control": ["max-age=0", "no-cache", "no-store"],
  "content-type": TYPES,
  range: ["bytes=0-"],
}

/** What is suggested as the value of a header. */
export function valuesOf(name: string): readonly string[] {
  return VALUES[name.trim().toLowerCase()] ?? []
}

/** What is suggested as the name of an environment variable. */
export const VARIABLES: readonly string[] = [
  "CI",
  "DEBUG",
  "DOCKER_CONTEXT",
  "DOCKER_HOST",
  "EDITOR",
  "HOME",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "LANG",
  "LC_ALL",
  "LOG_LEVEL",
  "NODE_ENV",
  "NO_COLOR",
  "NO_PROXY",
  "PATH",
  "TERM",
  "TMPDIR",
  "TZ",
  "USER",
]
