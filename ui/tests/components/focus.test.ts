import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { keepFocus } from "../../src/views/window/keep-focus"

let end: () => void

beforeEach(() => {
  document.body.innerHTML = `
    <header><button id="target-button">target</button></header>
    <div id="composer"><button id="tab" role="tab" aria-selected="true">Request</button><input id="path" />
      <button id="cancel">Cancel</button></div>
    <div id="bottom"><div id="timeline" tabindex="0"></div><button id="clear">Clear</button></div>
    <section id="welcome"><button id="connect">Connect</button></section>`
  // Nothing is laid out here.
  vi.spyOn(Element.prototype, "getClientRects").mockReturnValue([new DOMRect()] as unknown as DOMRectList)
  end = keepFocus()
})
afterEach(() => {
  end()
  vi.restoreAllMocks()
})

const focus = (id: string) => document.getElementById(id)!.focus()
const focused = () => document.activeElement?.id

test.each([
  ["cancel", "tab"],
  ["clear", "timeline"],
  ["connect", "tab"],
])("when %s goes away, its pane gets the focus: %s", async (id, then) => {
  focus(id)
  document.getElementById(id)!.remove()
  await vi.waitFor(() => expect(focused()).toBe(then))
})

test("what gives the focus back itself is waited for", async () => {
  focus("cancel")
  document.getElementById("cancel")!.remove()
  await Promise.resolve()
  focus("path")
  await new Promise((over) => setTimeout(over, 150))
  expect(focused()).toBe("path")
})

test("a field that was left on purpose stays left", async () => {
  focus("path")
  document.getElementById("path")!.blur()
  document.getElementById("path")!.remove()
  await new Promise((over) => setTimeout(over, 150))
  expect(document.activeElement).toBe(document.body)
})
