/** Folders of what is saved. An entry names its folder; a name that no folder has counts as none. */

import type { Folder } from "../../ipc/generated/Folder"
import type { SavedDraft } from "../../ipc/generated/SavedDraft"
import type { Settings } from "../settings/settings.svelte"

export class Folders {
  #settings: Settings

  constructor(settings: Settings) {
    this.#settings = settings
  }

  get all(): readonly Folder[] {
    return this.#settings.folders
  }

  has(name: string): boolean {
    return this.all.some((folder) => folder.name === name)
  }

  /** Adds a folder; answers with its name, which has a number where it is taken. */
  add(wanted = "New folder"): string {
    let name = wanted
    for (let count = 2; this.has(name); count += 1) name = `${wanted} ${count}`
    this.#settings.setSaved([...this.all, { name, collapsed: false }])
    return name
  }

  /** Gives it another name; false when it is taken or empty. */
  rename(name: string, to: string): boolean {
    const wanted = to.trim()
    if (wanted === name) return true
    if (wanted === "" || this.has(wanted)) return false
    this.#settings.setSaved(
      this.all.map((folder) => (folder.name === name ? { ...folder, name: wanted } : folder)),
      this.#settings.saved.map((saved) => (saved.folder === name ? { ...saved, folder: wanted } : saved)),
    )
    return true
  }

  collapse(name: string, collapsed: boolean): void {
    this.#settings.setSaved(
      this.all.map((folder) => (folder.name === name ? { ...folder, collapsed } : folder)),
    )
  }

  /** Removes the folder; what is in it stays, beside the folders. */
  remove(name: string): void {
    this.#settings.setSaved(
      this.all.filter((folder) => folder.name !== name),
      this.#settings.saved.map((saved) => (saved.folder === name ? without(saved) : saved)),
    )
  }

  /** Moves an entry into a folder, or beside the folders. */
  move(name: string, folder: string | undefined): void {
    this.#settings.setSaved(
      this.all,
      this.#settings.saved.map((saved) => {
        if (saved.name !== name) return saved
        return folder === undefined ? without(saved) : { ...saved, folder }
      }),
    )
  }
}

function without({ name, composed }: SavedDraft): SavedDraft {
  return { name, composed }
}

/** A row of the tree of saved entries and examples, from top to bottom. */
export type TreeRow =
  | { kind: "group"; key: string; title: string; expanded: boolean; level: 1; count: number }
  | { kind: "folder"; key: string; folder: Folder; expanded: boolean; level: 2; count: number }
  | { kind: "entry"; key: string; saved: SavedDraft; mine: boolean; level: 2 | 3 }

/** The rows that are shown. While a filter is typed, everything that has matches is open. */
export function rowsOf(
  saved: readonly SavedDraft[],
  folders: readonly Folder[],
  examples: readonly SavedDraft[],
  closed: ReadonlySet<string>,
  filter: string,
): TreeRow[] {
  const text = filter.trim().toLowerCase()
  const matches = (one: SavedDraft) => one.name.toLowerCase().includes(text)
  const entry = (one: SavedDraft, mine: boolean, level: 2 | 3): TreeRow => ({
    kind: "entry",
    key: `${mine ? "saved" : "example"}:${one.name}`,
    saved: one,
    mine,
    level,
  })
  const known = new Set(folders.map(({ name }) => name))
  const mine = saved.filter(matches)
  const inFolders = folders.flatMap((folder): TreeRow[] => {
    const within = mine.filter((one) => one.folder === folder.name)
    if (text !== "" && within.length === 0) return []
    const expanded = text !== "" || !folder.collapsed
    const head: TreeRow = {
      kind: "folder",
      key: `folder:${folder.name}`,
      folder,
      expanded,
      level: 2,
      count: within.length,
    }
    return [head, ...(expanded ? within.map((one) => entry(one, true, 3)) : [])]
  })
  const beside = mine.filter((one) => one.folder === undefined || !known.has(one.folder))
  const group = (title: string, count: number, rows: TreeRow[]): TreeRow[] => {
    const expanded = text !== "" || !closed.has(title)
    const head: TreeRow = { kind: "group", key: `group:${title}`, title, expanded, level: 1, count }
    return [head, ...(expanded ? rows : [])]
  }
  const shown = examples.filter(matches)
  return [
    ...group("Saved", mine.length, [...inFolders, ...beside.map((one) => entry(one, true, 2))]),
    ...group(
      "Examples",
      shown.length,
      shown.map((one) => entry(one, false, 2)),
    ),
  ]
}
