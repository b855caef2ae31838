import { render, screen, waitFor } from "@testing-library/svelte"
import userEvent from "@testing-library/user-event"
import { describe, expect, test } from "vitest"
import { Porthole } from "../../src/model/porthole.svelte"
import { bootstrap, FakeShell, request } from "../fake"
import Fields from "./Fields.svelte"

async function window_() {
  const shell = new FakeShell({
    bootstrap: async () =>
      bootstrap({
        settings: {
          ...bootstrap().settings,
          folders: [{ name: "volumes", collapsed: false }],
          saved: [
            { name: "list", composed: { kind: "request", ...request("GET", "/list") }, folder: "volumes" },
            { name: "clone", composed: { kind: "request", ...request("POST", "/clone") } },
          ],
          environments: [{ name: "local", variables: [{ name: "token", value: "s3cret", secret: true }] }],
        },
      }),
    save_settings: async () => {},
  })
  const porthole = new Porthole(shell)
  await porthole.begin()
  return porthole
}

async function shown(
  field: "pairs" | "parts" | "path" | "filter" | "saved" | "variables",
  pairs = [{ name: "Accept", value: "*/*" }],
) {
  const porthole = await window_()
  const left: string[] = []
  render(Fields, { field, porthole, pairs, left: () => void left.push("left") })
  return { porthole, left, user: userEvent.setup() }
}

describe("rows of name and value", () => {
  test("are switched off by their own name, and Enter goes on to the next field", async () => {
    const { user } = await shown("pairs")
    const box = screen.getByRole<HTMLInputElement>("checkbox", { name: "Send header 1" })
    expect(box.checked).toBe(true)
    await user.click(box)
    expect(box.checked).toBe(false)
    expect(box.closest(".row")!.classList.contains("off")).toBe(true)
    screen.getByRole("combobox", { name: "header 1, name" }).focus()
    await user.keyboard("{Escape}{Enter}")
    expect(document.activeElement?.getAttribute("aria-label")).toBe("header 1, value")
  })

  test("suggest names, which Enter accepts", async () => {
    const { user } = await shown("pairs")
    const name = screen.getByRole("combobox", { name: "header 2, name" })
    await user.type(name, "coo")
    expect(screen.getByRole("listbox", { name: "Suggestions" })).toBeTruthy()
    expect(name.getAttribute("aria-activedescendant")).toBe(screen.getByRole("option").id)
    await user.keyboard("{Enter}")
    await waitFor(() =>
      expect(screen.getByLabelText<HTMLInputElement>("header 2, name").value).toBe("Cookie"),
    )
  })

  test("a part of a multipart form is kept and not sent while it is off", async () => {
    const { porthole, user } = await shown("parts")
    const form = porthole.composer.request
    form.bodyKind = "multipart"
    await user.click(screen.getByRole("button", { name: "+ text" }))
    await user.type(screen.getByLabelText("part 1, name"), "title")
    await user.click(screen.getByRole("checkbox", { name: "Send part 1" }))
    expect(form.request().body).toEqual({ kind: "multipart", parts: [] })
    expect(form.request().offParts?.map(({ part }) => part.name)).toEqual(["title"])
  })
})

describe("the filter of the timeline", () => {
  test("completes a key by Tab, and Down leaves it", async () => {
    const { porthole, left, user } = await shown("filter")
    const field = screen.getByRole("combobox", { name: "Filter calls" })
    await user.type(field, "sta")
    await waitFor(() => expect(field.getAttribute("aria-expanded")).toBe("true"))
    expect(field.getAttribute("aria-activedescendant")).toBe("timeline-offer-0")
    await user.keyboard("{Tab}")
    await waitFor(() => expect(porthole.timeline.text).toBe("status:"))
    await user.keyboard("{Escape}")
    await user.clear(field)
    await user.keyboard("{Escape}{ArrowDown}")
    expect(left).toEqual(["left"])
  })

  test("says what it doesn't understand", async () => {
    const { user } = await shown("filter")
    const field = screen.getByRole("combobox", { name: "Filter calls" })
    await user.type(field, "stauts:404 ")
    await waitFor(() => expect(field.getAttribute("aria-invalid")).toBe("true"))
    expect(document.getElementById("timeline-filter-problem")?.textContent).toContain("stauts")
  })
})

describe("the JSON path", () => {
  test("is typed, and Escape clears it", async () => {
    const { porthole, user } = await shown("path")
    const field = screen.getByRole("textbox", { name: "Filter by JSONPath" })
    await user.type(field, "$.a")
    expect(porthole.pathFilter.text).toBe("$.a")
    await user.keyboard("{Escape}")
    expect(porthole.pathFilter.text).toBe("")
  })
})

describe("what was saved", () => {
  test("is a tree: folders open and close by keys, and Enter in a new name keeps it", async () => {
    const { porthole, user } = await shown("saved")
    const items = () => screen.getAllByRole("treeitem").map((item) => item.getAttribute("aria-label"))
    expect(items().slice(0, 4)).toEqual(["Saved", "volumes 1", "GET list", "POST clone"])
    const folder = screen.getByRole("treeitem", { name: "volumes 1" })
    expect([folder.getAttribute("aria-level"), folder.getAttribute("aria-expanded")]).toEqual(["2", "true"])
    folder.focus()
    await user.keyboard("{ArrowLeft}")
    await waitFor(() => expect(items().slice(0, 3)).toEqual(["Saved", "volumes 1", "POST clone"]))
    await user.keyboard("{ArrowRight}{F2}")
    const name = await screen.findByLabelText("Name of volumes")
    await user.clear(name)
    await user.type(name, "backups{Enter}")
    await waitFor(() => expect(porthole.settings.folders[0]?.name).toBe("backups"))
    expect(porthole.settings.saved[0]?.folder).toBe("backups")
    screen.getByRole("treeitem", { name: "POST clone" }).focus()
    await user.keyboard("{Delete}")
    await waitFor(() => expect(porthole.settings.saved.map(({ name }) => name)).toEqual(["list"]))
  })
})

describe("variables of an environment", () => {
  test("hide secrets until they are shown", async () => {
    const { porthole, user } = await shown("variables")
    const value = screen.getByLabelText<HTMLInputElement>("variable 1, value")
    expect(value.type).toBe("password")
    await user.click(screen.getByRole("button", { name: "Show variable 1" }))
    expect(value.type).toBe("text")
    await user.type(screen.getByLabelText("variable 2, name"), "1")
    expect(screen.getByLabelText("variable 2, name").getAttribute("aria-invalid")).toBe("true")
    await user.click(screen.getByRole("button", { name: "Remove variable 2" }))
    expect(porthole.side.environments.all[0]?.variables).toHaveLength(1)
  })
})
