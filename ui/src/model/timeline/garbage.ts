/**
 * Has the web view collect garbage: at once in a process that is above its limit (`src-tauri/src/web/memory.rs`), and
 * earlier than it would otherwise. When a process looks at its size, WebKitGTK only asks for a collection at some time,
 * which in a window that does nothing can be minutes later, and until then gives back hardly any memory. A page can't ask for
 * a collection. But one follows when a frame goes whose window a script has used, because that leaves a lot of garbage.
 */
export function collectGarbage(): void {
  if (typeof document === "undefined") return
  const frame = document.createElement("iframe")
  frame.hidden = true
  document.body.append(frame)
  // Only for a script is there an object that represents the window.
  void frame.contentWindow?.length
  frame.remove()
}
