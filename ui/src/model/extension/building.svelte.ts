import type { PackageCommand } from "../../ipc/generated/PackageCommand"
import type { ProjectStep } from "../../ipc/generated/ProjectStep"
import type { Summary } from "../../ipc/generated/Summary"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"
import { InputGuard } from "../permission/guard.svelte"
import { isLive } from "../timeline/outcome"

/** What is around the commands of a page's project. */
export interface BuildingDeps {
  row(id: number): Summary | undefined
  /** Its output is to be seen. */
  began(id: number): void
  /** The project isn't what was shown any more: it is to be shown again. */
  changed(): void
}

/** Commands of a page's project, which only the user starts: they run code of the extension's author on this machine. */
export class Building {
  /** The one that was started last, of the project in this folder. */
  run = $state.raw<{ id: number; step: ProjectStep; cwd: string | undefined }>()
  /** It is being started. */
  busy = $state(false)
  trouble = $state.raw<Trouble>()
  /** The command that is shown is started by input that was meant for it. */
  readonly guard = new InputGuard()

  #shell: Shell
  #deps: BuildingDeps

  constructor(shell: Shell, deps: BuildingDeps) {
    this.#shell = shell
    this.#deps = deps
  }

  /** Runs a command if the project still is what was shown of it. */
  async start(step: ProjectStep, shown: PackageCommand): Promise<void> {
    const { cwd } = shown.command
    if (this.busy || this.state(cwd).kind === "running") return
    this.busy = true
    this.trouble = undefined
    try {
      const id = await this.#shell.ask("run_project_step", { step, shown })
      this.run = { id, step, cwd }
      this.#deps.began(id)
    } catch (thrown) {
      this.trouble = trouble(thrown)
      if (this.trouble.code === "project_changed") this.#deps.changed()
    } finally {
      this.busy = false
    }
  }

  show(): void {
    if (this.run) this.#deps.began(this.run.id)
  }

  /** How the last one of this folder is going. */
  state(cwd: string | undefined): { kind: "none" | "running" | "done" } | { kind: "failed"; how: string } {
    const row = this.run && this.run.cwd === cwd ? this.#deps.row(this.run.id) : undefined
    if (!row) return { kind: "none" }
    const { outcome } = row
    if (isLive(outcome)) return { kind: "running" }
    if (outcome.kind === "ended" && outcome.ending.kind === "exited") {
      const { code } = outcome.ending
      return code === 0 ? { kind: "done" } : { kind: "failed", how: `ended with exit code ${code}` }
    }
    return { kind: "failed", how: outcome.kind === "cancelled" ? "was canceled" : "failed" }
  }
}
