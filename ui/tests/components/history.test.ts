import { render, screen, waitFor } from "@testing-library/svelte"
import userEvent from "@testing-library/user-event"
import { expect, test } from "vitest"
import { Porthole } from "../../src/model/porthole.svelte"
import { bootstrap, FakeShell, historyRow } from "../fake"
import HistoryView from "./HistoryView.svelte"

test("a key after Home is about the row that Home leads to, although its rows are still being read", async () => {
  let read = () => {}
  let isSlow = false
  const shell = new FakeShell({
    bootstrap: async () => bootstrap(),
    history_list: async () => {
      if (isSlow) await new Promise<void>((resolve) => (read = resolve))
      return { rows: [3, 2, 1].map((row) => historyRow(row)), more: false, calls: 3 }
    },
    history_names: async () => ({ targets: [], extensions: [] }),
    history_delete: async () => {},
  })
  const porthole = new Porthole(shell)
  render(HistoryView, { props: { porthole } })
  porthole.history.see({ revision: 1, available: true })
  await waitFor(() => expect(screen.getAllByRole("option")).toHaveLength(3))
  const person = userEvent.setup()
  screen.getByRole("listbox").focus()
  await person.keyboard("{ArrowDown}{ArrowDown}")
  isSlow = true
  await person.keyboard("{Home}{Delete}")
  isSlow = false
  read()
  const deleted = () => shell.asked.find(({ name }) => name === "history_delete")
  await waitFor(() => expect(deleted()?.args).toEqual({ rows: [3] }))
})
