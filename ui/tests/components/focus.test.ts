import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { keepFocus } from "../../src/views/window/keep-focus"

let end: () => void

beforeEach(() => {
  document.body.innerHTML = `
    <header><button id="target-button">target</button></header>
    <div id="composer"><button id="tab" role="tab" aria-selected="true">Request</button><input id="path" />
      <button id="cancel">Cancel</button></div>
    <div id="bottom"><div id="timeline" tabindex="0"></div><button id="clear">Clear</button></div>
    <section id="welcome"><button id="welcome-open">Open…</button><button id="connect">Connect</button></section>`
  // Nothing is laid out here.
  vi.spyOn(Element.prototype, "getClientRects").mockReturnValue([new DOMRect()] as unknown as DOMRectList)
  end = keepFocus()
})
afterEach(() => {
  end()
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const focus = (id: string) => document.getElementById(id)!.focus()
const focused = () => document.activeElement?.id

test.each([
  ["cancel", "tab"],
  ["clear", "timeline"],
  ["connect", "welcome-open"],
])("when %s goes away, its pane gets the focus: %s", async (id, then) => {
  focus(id)
  document.getElementById(id)!.remove()
  await vi.waitFor(() => expect(focused()).toBe(then))
})

test("when the welcome screen goes away, the composer gets the focus", async () => {
  focus("connect")
  document.getElementById("welcome")!.remove()
  await vi.waitFor(() => expect(focused()).toBe("tab"))
})

test("when the welcome screen comes in place of the composer, it gets the focus", async () => {
  focus("cancel")
  document.getElementById("composer")!.remove()
  await vi.waitFor(() => expect(focused()).toBe("welcome-open"))
})

/** Removes it, and lets all time pass; `meanwhile` runs when the removal was noticed. */
async function remove(id: string, meanwhile?: () => void) {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
  // This observer is called after the one of `keepFocus`.
  const noticed = new Promise<void>((resolve) => {
    const watch = new MutationObserver(() => {
      watch.disconnect()
      resolve()
    })
    watch.observe(document.body, { childList: true, subtree: true })
  })
  document.getElementById(id)!.remove()
  await noticed
  meanwhile?.()
  vi.runAllTimers()
}

test("what gives the focus back itself is waited for", async () => {
  focus("cancel")
  await remove("cancel", () => {
    expect([focused(), vi.getTimerCount()]).toEqual(["", 1])
    focus("path")
  })
  expect(focused()).toBe("path")
})

test("a field that was left on purpose stays left", async () => {
  focus("path")
  document.getElementById("path")!.blur()
  await remove("path")
  expect(document.activeElement).toBe(document.body)
})

test("when a button of a dialog is disabled, the topmost dialog keeps the focus", async () => {
  document.body.insertAdjacentHTML(
    "beforeend",
    `<dialog open><button id="below">Close</button></dialog>
    <dialog open><button id="off" disabled>Off</button><button id="skipped" tabindex="-1">Skipped</button>
      <button id="close">Close</button><button id="run">Run</button></dialog>`,
  )
  focus("run")
  document.getElementById("run")!.toggleAttribute("disabled", true)
  await vi.waitFor(() => expect(focused()).toBe("close"))
})
