/** Numbers as the window writes them: short, and of a width that does not jump. */

/** `1.2 ms`, `38 ms`, `12.4 s`, `3 min 5 s`, `2 h 3 min`. */
export function duration(us: number): string {
  const ms = us / 1000
  if (ms < 9.95) return `${ms.toFixed(1)} ms`
  if (ms < 999.5) return `${ms.toFixed(0)} ms`
  const s = ms / 1000
  if (s < 59.95) return `${s.toFixed(1)} s`
  const whole = Math.round(s)
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  const minutes = Math.floor(whole / 60)
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** `912`, `2.1 k`, `41.7 M`: for a column whose head says what is counted. */
export function amount(n: number): string {
  if (n < 1000) return String(n)
  for (const unit of ["k", "M", "G", "T"]) {
    n /= 1000
    if (n < 999.95) return `${n.toFixed(1)} ${unit}`
  }
  return `${n.toFixed(0)} T`
}

/** `912 B`, `2.1 kB`, `41.7 MB`. */
export function size(bytes: number): string {
  return bytes < 1000 ? `${bytes} B` : `${amount(bytes)}B`
}

const grouped = new Intl.NumberFormat("en-US")

/** `417,902`. */
export function count(n: number): string {
  return grouped.format(n)
}

/** `1 line`, `2 lines`. */
export function many(n: number, one: string, more = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : more}`
}

/** `20 GB`: a size that was chosen, without a zero after the point. */
export function roundSize(bytes: number): string {
  return size(bytes).replace(".0 ", " ")
}

/** `41 %`, never over 100 and not 100 before the end. */
export function percent(done: number, whole: number): string {
  if (done >= whole) return "100 %"
  return `${Math.min(99, Math.floor((done / whole) * 100))} %`
}

/** `09:41:02.1`, in the time zone of the one who looks. */
export function timeOfDay(ms: number, digits = 1): string {
  const at = new Date(ms)
  const parts = String(at.getMilliseconds()).padStart(3, "0").slice(0, digits)
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${parts}`
}

/** `0000001f`: where a row of bytes begins. */
export function offset(n: number): string {
  return n.toString(16).padStart(8, "0")
}

/** `+12.310`: seconds since the Call began. */
export function sinceStart(us: number): string {
  return `+${(us / 1_000_000).toFixed(3)}`
}

function two(n: number): string {
  return String(n).padStart(2, "0")
}

/** `just now`, `40 s ago`, `2 min ago`: how long ago something was, in words. */
export function ago(seconds: number): string {
  if (seconds < 2) return "just now"
  return seconds < 60 ? `${Math.floor(seconds)} s ago` : `${Math.floor(seconds / 60)} min ago`
}
