import type { MockState } from "../../ipc/generated/MockState"
import type { OpenSession } from "../../ipc/generated/OpenSession"
import type { Target } from "../../ipc/generated/Target"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"

/** What opening and serving sessions needs of the window. */
export interface SessionsDeps {
  /** A file was opened. */
  opened: () => void
  /** Something else is inspected now. */
  setTarget: (target: Target) => void
}

/** Session files and HTTP archives whose calls are in the timeline. */
export class Sessions {
  /** By number. */
  all = $state.raw<readonly OpenSession[]>([])
  /** A file is being read. */
  busy = $state(false)
  trouble = $state.raw<Trouble>()
  /** The one that is served as the target. */
  mock = $state.raw<MockState>()

  #shell: Shell
  #deps: SessionsDeps

  constructor(shell: Shell, deps: SessionsDeps) {
    this.#shell = shell
    this.#deps = deps
  }

  see(all: readonly OpenSession[], mock: MockState | undefined): void {
    if (all.length !== this.all.length) this.all = all
    this.mock = mock
  }

  /** The name of the file. */
  nameOf(number: number): string {
    return this.all.find((one) => one.number === number)?.name ?? `Session ${number}`
  }

  /** Lets the user choose a file, and opens it. */
  async choose(): Promise<void> {
    try {
      const path = await this.#shell.ask("choose_path", { kind: "file", title: "Open a session or HAR file" })
      if (path !== null) await this.open(path)
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }

  async open(path: string): Promise<void> {
    this.busy = true
    try {
      await this.#shell.ask("open_session", { path })
      this.trouble = undefined
      this.#deps.opened()
    } catch (thrown) {
      this.trouble = trouble(thrown)
    } finally {
      this.busy = false
    }
  }

  /** Takes its calls out of the timeline. */
  async close(session: number): Promise<void> {
    try {
      if (this.mock?.session === session) this.#deps.setTarget(await this.#shell.ask("stop_mock", {}))
      await this.#shell.ask("close_session", { session })
      this.trouble = undefined
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }

  /** Serves it as the target. */
  async serve(session: number): Promise<void> {
    await this.#retarget(() => this.#shell.ask("serve_mock", { session }))
  }

  /** How many times as fast as recorded the mock is from now on; 0 for all at once. */
  async setSpeed(speed: number): Promise<void> {
    try {
      await this.#shell.ask("set_mock_speed", { speed })
      this.trouble = undefined
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }

  async stopMock(): Promise<void> {
    await this.#retarget(() => this.#shell.ask("stop_mock", {}))
  }

  async #retarget(ask: () => Promise<Target>): Promise<void> {
    try {
      this.#deps.setTarget(await ask())
      this.trouble = undefined
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }
}
