import type { Draft } from "../../ipc/generated/Draft"
import type { SavedDraft } from "../../ipc/generated/SavedDraft"
import type { Settings } from "../settings/settings.svelte"

/** How long a deleted entry can be put back. */
const UNDO_MS = 10_000

interface Deleted {
  saved: SavedDraft
  at: number
}

/** The saved entries: which one is selected, and the one that was deleted last. */
export class Drafts {
  /** The entry that was loaded or saved last; also an example. */
  selected = $state.raw<SavedDraft>()
  /** The entry that can be put back. */
  deleted = $state.raw<Deleted>()

  #settings: Settings
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /** Saves a draft as a new entry and selects it; its name is this one, or with a number where that is taken. */
  save(name: string, composed: Draft): string {
    const free = this.#free(name.trim() === "" ? "Untitled" : name.trim())
    this.#settings.save(free, composed)
    this.#select(free)
    return free
  }

  /** Gives the entry another name. One that has it already is replaced. */
  rename(from: string, to: string): void {
    const wanted = to.trim()
    const entry = this.#settings.saved.find((saved) => saved.name === from)
    if (entry === undefined || wanted === "" || wanted === from) return
    if (this.#settings.saved.some((saved) => saved.name === wanted)) {
      this.#settings.save(wanted, entry.composed)
      this.#settings.remove(from)
    } else this.#settings.rename(from, wanted)
    this.#select(wanted)
  }

  /** Adds a copy behind an entry; answers with its name. */
  duplicate(saved: SavedDraft): string {
    const name = this.#free(`${saved.name} copy`)
    this.#settings.insert(this.#settings.saved.indexOf(saved) + 1, { name, composed: saved.composed })
    this.#select(name)
    return name
  }

  delete(saved: SavedDraft): void {
    const at = this.#settings.saved.indexOf(saved)
    if (at < 0) return
    this.#settings.remove(saved.name)
    if (this.selected === saved) this.selected = undefined
    this.deleted = { saved, at }
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.forget(), UNDO_MS)
  }

  /** Puts the deleted entry back at its place. */
  undo(): void {
    if (this.deleted === undefined) return
    const { saved, at } = this.deleted
    const name = this.#free(saved.name)
    this.#settings.insert(at, { ...saved, name })
    this.#select(name)
    this.forget()
  }

  forget(): void {
    clearTimeout(this.#timer)
    this.deleted = undefined
  }

  /** Stops the time in which it can be put back, or has it begin again. */
  hold(held: boolean): void {
    clearTimeout(this.#timer)
    if (!held) this.#timer = setTimeout(() => this.forget(), UNDO_MS)
  }

  #select(name: string): void {
    this.selected = this.#settings.saved.find((saved) => saved.name === name)
  }

  #free(name: string): string {
    const taken = new Set(this.#settings.saved.map((saved) => saved.name))
    if (!taken.has(name)) return name
    for (let count = 2; ; count += 1) {
      if (!taken.has(`${name} ${count}`)) return `${name} ${count}`
    }
  }
}
