import { render, screen, waitFor } from "@testing-library/svelte"
import userEvent from "@testing-library/user-event"
import { describe, expect, test } from "vitest"
import MenuParts from "./MenuParts.svelte"

function shown(part: "menu" | "radio" | "context" | "popover" | "dialog") {
  const done: string[] = []
  render(MenuParts, { part, did: (what: string) => void done.push(what) })
  return { done, user: userEvent.setup() }
}

describe("Menu", () => {
  test("opens by keys, goes past what is disabled, and does what was chosen", async () => {
    const { done, user } = shown("menu")
    const button = screen.getByRole("button", { name: "Open acts" })
    button.focus()
    await user.keyboard("{Enter}")
    const menu = await screen.findByRole("menu", { name: "Acts" })
    expect(button.getAttribute("aria-expanded")).toBe("true")
    const items = screen.getAllByRole("menuitem")
    expect(items.map((item) => item.textContent?.trim())).toEqual(["First F1", "Second", "Third"])
    expect(items[1]!.getAttribute("aria-disabled")).toBe("true")
    expect(menu.contains(items[0]!)).toBe(true)
    await waitFor(() => expect(document.activeElement?.id).toBe("first"))
    await user.keyboard("{ArrowDown}")
    await waitFor(() => expect(document.activeElement?.id).toBe("third"))
    await user.keyboard("{Enter}")
    await waitFor(() => expect(screen.queryByRole("menu")).toBeNull())
    expect(done).toEqual(["third"])
    await waitFor(() => expect(document.activeElement).toBe(button))
  })

  test("closes with Escape and does nothing", async () => {
    const { done, user } = shown("menu")
    await user.click(screen.getByRole("button", { name: "Open acts" }))
    await screen.findByRole("menu")
    await user.keyboard("{Escape}")
    await waitFor(() => expect(screen.queryByRole("menu")).toBeNull())
    expect(done).toEqual([])
  })
})

describe("RadioMenu", () => {
  test("tells which one is chosen, and chooses by keys", async () => {
    const { done, user } = shown("radio")
    const button = screen.getByRole("button")
    expect(button.dataset.value).toBe("b")
    button.focus()
    await user.keyboard("{Enter}")
    const radios = await screen.findAllByRole("menuitemradio")
    expect(radios.map((radio) => radio.getAttribute("aria-checked"))).toEqual(["false", "true", "false"])
    await user.keyboard("{End}{Enter}")
    await waitFor(() => expect(done).toEqual(["c"]))
    await waitFor(() => expect(button.dataset.value).toBe("c"))
  })
})

describe("ContextMenu", () => {
  test("opens by the right button in place of the browser's, and gives the focus away when it closes", async () => {
    const { done, user } = shown("context")
    const event = new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX: 5, clientY: 5 })
    screen.getByText("a row").dispatchEvent(event)
    expect(event.defaultPrevented).toBe(true)
    const menu = await screen.findByRole("menu", { name: "Row" })
    expect(menu).toBeTruthy()
    await user.click(screen.getByRole("menuitem", { name: "Copy" }))
    await waitFor(() => expect(done).toEqual(["copy", "closed"]))
  })
})

describe("Popover", () => {
  test("is a named dialog that Escape closes, and its button gets the focus back", async () => {
    const { done, user } = shown("popover")
    const button = screen.getByRole("button")
    await user.click(button)
    const popover = await screen.findByRole("dialog", { name: "A form" })
    expect(button.getAttribute("aria-expanded")).toBe("true")
    expect(popover.querySelector("input")).toBeTruthy()
    await user.keyboard("{Escape}")
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull())
    expect(done).toEqual(["opened", "closed"])
    await waitFor(() => expect(document.activeElement).toBe(button))
  })
})

describe("Dialog", () => {
  test("keeps the window's shortcuts away, closes with Escape, and gives the focus back", async () => {
    const { done, user } = shown("dialog")
    const heard: string[] = []
    const listen = (event: KeyboardEvent) => void heard.push(event.key)
    window.addEventListener("keydown", listen)
    const before = document.getElementById("before")!
    before.focus()
    await user.click(before)
    const dialog = await screen.findByRole("dialog", { name: "A dialog" })
    screen.getByLabelText("inside").focus()
    await user.keyboard("x{Escape}")
    await waitFor(() => expect(dialog.isConnected).toBe(false))
    window.removeEventListener("keydown", listen)
    expect(heard).toEqual([])
    expect(done).toEqual(["closed"])
    expect(document.activeElement).toBe(before)
  })
})
