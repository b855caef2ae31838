import type { Container } from "../ipc/generated/Container"
import type { Target as Inspected } from "../ipc/generated/Target"
import { trouble, type Shell, type Trouble } from "../ipc/shell"
import { filled, type Pair } from "./request.svelte"

/** What is being inspected, and the form in which it is changed. */
export class Target {
  current = $state.raw<Inspected>({ name: "", host: { env: [] } })
  demo = $state<string>()

  // The form. Nothing of it counts before it is applied.
  name = $state("")
  endpoint = $state("")
  container = $state<string>()
  cwd = $state("")
  env = $state<Pair[]>([])
  /** Where the extension's own programs are. */
  bin = $state("")
  problem = $state.raw<Trouble>()
  /** How the endpoint was read, when that is not what was typed. */
  readAs = $state<string>()
  containers = $state.raw<readonly Container[]>()
  containersTrouble = $state.raw<Trouble>()

  #shell: Shell
  #told: (target: Inspected) => void
  #reading = 0

  constructor(shell: Shell, told: (target: Inspected) => void) {
    this.#shell = shell
    this.#told = told
  }

  load(target: Inspected, demo: string | undefined): void {
    this.current = target
    this.demo = demo
  }

  /** Fills the form with the target in use, and asks which containers there are. */
  edit(): void {
    const { name, endpoint, container, host } = this.current
    // A name that came from the endpoint or the container changes with them.
    this.name = isDerived(this.current) ? "" : name
    this.endpoint = endpoint ?? ""
    this.container = container
    this.cwd = host.cwd ?? ""
    this.env = host.env.map((variable) => ({ ...variable }))
    this.bin = host.bin ?? ""
    this.problem = undefined
    this.readAs = undefined
    void this.listContainers()
  }

  async listContainers(): Promise<void> {
    try {
      this.containers = await this.#shell.ask("containers", { engine: null })
      this.containersTrouble = undefined
    } catch (thrown) {
      this.containers = undefined
      this.containersTrouble = trouble(thrown)
    }
  }

  /** Reads the endpoint as typed. An empty one means the demo backend. The newest answer wins. */
  async read(): Promise<void> {
    const reading = ++this.#reading
    const text = this.endpoint
    this.readAs = undefined
    if (text.trim() === "") {
      this.problem = undefined
      return
    }
    try {
      const endpoint = await this.#shell.ask("read_endpoint", { text })
      if (reading !== this.#reading) return
      this.problem = undefined
      if (endpoint !== text) this.readAs = endpoint
    } catch (thrown) {
      if (reading === this.#reading) this.problem = trouble(thrown)
    }
  }

  /** Makes the form the target; true when it is. */
  async apply(): Promise<boolean> {
    await this.read()
    if (this.problem !== undefined) return false
    const endpoint = this.readAs ?? this.endpoint.trim()
    const target: Inspected = {
      // An empty name is filled by the shell, from what the target consists of.
      name: this.name.trim(),
      host: { env: filled(this.env) },
    }
    if (endpoint !== "") target.endpoint = endpoint
    if (this.container !== undefined) target.container = this.container
    if (this.cwd !== "") target.host.cwd = this.cwd
    if (this.bin.trim() !== "") target.host.bin = this.bin.trim()
    return this.#set(target)
  }

  /** Back to the backend that is always there. */
  async useDemo(): Promise<boolean> {
    this.#reading += 1
    this.endpoint = ""
    this.problem = undefined
    this.readAs = undefined
    const { endpoint: _, ...rest } = this.current
    return this.#set({ ...rest, name: "" })
  }

  async #set(target: Inspected): Promise<boolean> {
    try {
      this.current = await this.#shell.ask("set_target", { target })
      this.#told(this.current)
      return true
    } catch (thrown) {
      this.problem = trouble(thrown)
      return false
    }
  }
}

/** Whether a target was most likely given its name by the shell, not by a person. */
export function isDerived({ name, endpoint, container }: Inspected): boolean {
  if (container !== undefined) return name === container
  return endpoint === undefined || endpoint.endsWith(name) || endpoint.includes(`/${name}.`)
}
