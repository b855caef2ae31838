import type { Container } from "../../ipc/generated/Container"
import type { Context } from "../../ipc/generated/Context"
import type { Target as Inspected } from "../../ipc/generated/Target"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"
import { filled, type Pair } from "../composer/rows"

/** What is being inspected, and the form in which it is changed. */
export class Target {
  current = $state.raw<Inspected>({ name: "", host: { env: [] } })
  demo = $state<string>()
  /** By what way its backend is reached, where that is through the engine. */
  tunneled = $derived(
    this.current.endpoint?.startsWith("container://")
      ? (this.current.via ?? "Through the engine, with a helper container.")
      : undefined,
  )

  // The form. Nothing of it counts before it is applied.
  name = $state("")
  endpoint = $state("")
  /** The docker context of the engine; the one in use when empty. */
  engine = $state("")
  container = $state<string>()
  cwd = $state("")
  env = $state<Pair[]>([])
  /** Where the extension's own programs are. */
  bin = $state("")
  problem = $state.raw<Trouble>()
  /** How the endpoint was read, when that is not what was typed. */
  readAs = $state<string>()
  contexts = $state.raw<readonly Context[]>([])
  /** Those of the chosen engine, when it has told them. */
  containers = $state.raw<readonly Container[]>()
  containersTrouble = $state.raw<Trouble>()
  /** The target is being set: the way to its socket takes a moment where it is in a container. */
  applying = $state(false)

  /** The endpoint as it counts. */
  meant = $derived(this.readAs ?? this.endpoint.trim())
  /** The socket's path as the container would have it, through the engine. */
  offer = $derived.by(() => {
    const path = /^unix:\/\/(\/.*)$/s.exec(this.meant)?.[1]
    return path === undefined || this.container === undefined
      ? undefined
      : `container://${this.container}${path}`
  })
  /** Why the endpoint in the form isn't a socket of this machine, as far as that is known. */
  said = $derived(this.meant === this.current.endpoint ? this.current.via : undefined)

  #shell: Shell
  #told: (target: Inspected) => void
  #reading = 0
  #listing = 0

  constructor(shell: Shell, told: (target: Inspected) => void) {
    this.#shell = shell
    this.#told = told
  }

  load(target: Inspected, demo: string | undefined): void {
    this.current = target
    this.demo = demo
  }

  /** Fills the form with the target in use, and asks which engines and containers there are. */
  edit(): void {
    this.fill()
    void this.listContexts()
    void this.listContainers()
  }

  /** Fills the form with the target in use. */
  fill(): void {
    const { name, endpoint, engine, container, host } = this.current
    // A name that came from the endpoint or the container changes with them.
    this.name = isDerived(this.current) ? "" : name
    this.endpoint = endpoint ?? ""
    this.engine = engine ?? ""
    this.container = container
    this.cwd = host.cwd ?? ""
    this.env = host.env.map((variable) => ({ ...variable }))
    this.bin = host.bin ?? ""
    this.problem = undefined
    this.readAs = undefined
  }

  async listContexts(): Promise<void> {
    try {
      this.contexts = await this.#shell.ask("contexts", {})
    } catch {
      // The one in use can be chosen without it, and says what is wrong.
      this.contexts = []
    }
  }

  /** Asks another engine. A container of the same name there is another one. */
  chooseEngine(name: string): void {
    this.engine = name
    this.container = name === (this.current.engine ?? "") ? this.current.container : undefined
    void this.listContainers()
  }

  /** The newest answer wins: an engine that is far away may tell its list when another has been chosen. */
  async listContainers(): Promise<void> {
    const listing = ++this.#listing
    this.containers = undefined
    this.containersTrouble = undefined
    try {
      const containers = await this.#shell.ask("containers", { engine: this.engine || null })
      if (listing === this.#listing) this.containers = containers
    } catch (thrown) {
      if (listing === this.#listing) this.containersTrouble = trouble(thrown)
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
    const endpoint = this.meant
    const target: Inspected = {
      // An empty name is filled by the shell, from what the target consists of.
      name: this.name.trim(),
      host: { env: filled(this.env) },
    }
    if (endpoint !== "") target.endpoint = endpoint
    const isTheSameEngine = this.engine === (this.current.engine ?? "")
    // What is not known is found out by the shell.
    if (this.said !== undefined && isTheSameEngine) target.via = this.said
    if (this.engine !== "") target.engine = this.engine
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
    const { endpoint: _, native: _native, via: _via, mock: _mock, ...rest } = this.current
    return this.#set({ ...rest, name: "" })
  }

  /** Goes back to a target as it was; true when it is. */
  async use(target: Inspected): Promise<boolean> {
    this.#reading += 1
    this.problem = undefined
    return this.#set(target)
  }

  async #set(target: Inspected): Promise<boolean> {
    this.applying = true
    try {
      this.current = await this.#shell.ask("set_target", { target })
      this.#told(this.current)
      return true
    } catch (thrown) {
      this.problem = trouble(thrown)
      return false
    } finally {
      this.applying = false
    }
  }
}

/** Whether a target was most likely given its name by the shell, not by a person. */
export function isDerived({ name, endpoint, container }: Inspected): boolean {
  if (container !== undefined) return name === container
  return endpoint === undefined || endpoint.endsWith(name) || endpoint.includes(`/${name}.`)
}
