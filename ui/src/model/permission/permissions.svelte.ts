import type { CallKind } from "../../ipc/generated/CallKind"
import type { Changes } from "../../ipc/generated/Changes"
import type { Origin } from "../../ipc/generated/Origin"
import type { Permission } from "../../ipc/generated/Permission"
import type { Prompt } from "../../ipc/generated/Prompt"
import type { Scope } from "../../ipc/generated/Scope"
import type { PermissionState } from "../../ipc/generated/PermissionState"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"

/** Until the shell says otherwise: the backend is the extension's own, this machine is the user's. */
const DEFAULT: PermissionState = {
  page: { service: "allow", container: "allow", host: "ask", docker: "ask" },
  decided: false,
  console_host: false,
  console_engine: false,
}

/** What code may do, and the call that waits for the user. The shell decides; here it is shown. */
export class Permissions {
  /** The pending call that has waited longest. */
  prompt = $state.raw<Prompt>()
  /** How many wait in all. */
  waiting = $state(0)
  standing = $state.raw<PermissionState>(DEFAULT)
  /** The kind of call that the user chose to allow from now on: it is confirmed first, whatever chose it. */
  confirming = $state<CallKind>()
  /** Why an answer was not taken, or not remembered. */
  trouble = $state.raw<Trouble>()

  #shell: Shell

  constructor(shell: Shell) {
    this.#shell = shell
  }

  see({ prompt, waiting, permissions }: Pick<Changes, "prompt" | "waiting" | "permissions">): void {
    // Told with every change: what is drawn stays the same object as long as the call is the same.
    if (prompt?.pending !== this.prompt?.pending) this.prompt = prompt
    this.waiting = waiting
    if (JSON.stringify(permissions) !== JSON.stringify(this.standing)) this.standing = permissions
  }

  /** The prompt, if code of this origin waits. */
  promptOf(origin: Origin): Prompt | undefined {
    return this.prompt?.origin === origin ? this.prompt : undefined
  }

  /** Approves a pending call, exactly as it was planned. */
  approve(pending: number, scope: Scope): Promise<void> {
    return this.#try(this.#shell.ask("approve", { pending, scope }))
  }

  deny(pending: number): Promise<void> {
    return this.#try(this.#shell.ask("deny", { pending }))
  }

  /** Decides for the page that is open. Allowing waits for {@link confirm}: a key in a select must not be enough. */
  async set(of: CallKind, permission: Permission): Promise<void> {
    if (permission === "allow") this.confirming = of
    else await this.#try(this.#shell.ask("set_permission", { of, permission }))
  }

  /** Allows what is being confirmed. */
  async confirm(): Promise<void> {
    const of = this.confirming
    this.confirming = undefined
    if (of) await this.#try(this.#shell.ask("set_permission", { of, permission: "allow" }))
  }

  /** Leaves the permission as it is: the user declined, or the page is another one. */
  decline(): void {
    this.confirming = undefined
  }

  /** Forgets what was decided for the page that is open. */
  reset(): Promise<void> {
    return this.#try(this.#shell.ask("reset_permissions", {}))
  }

  /** The console asks again. */
  revokeConsole(): Promise<void> {
    return this.#try(this.#shell.ask("revoke_console", {}))
  }

  async #try(done: Promise<void>): Promise<void> {
    try {
      await done
      this.trouble = undefined
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }
}
