import type { Environment } from "../../ipc/generated/Environment"
import type { Variable } from "../../ipc/generated/Variable"
import type { Settings } from "../settings/settings.svelte"

/** Named sets of variables. Their values are put in place by the shell, which also says what is unknown. */
export class Environments {
  #settings: Settings

  constructor(settings: Settings) {
    this.#settings = settings
  }

  get all(): readonly Environment[] {
    return this.#settings.environments
  }

  get active(): Environment | undefined {
    return this.all.find(({ name }) => name === this.#settings.environment)
  }

  use(name: string | undefined): void {
    this.#settings.setEnvironments(this.all, name)
  }

  /** Adds an environment and uses it; answers with its name. */
  add(wanted = "New environment", variables: readonly Variable[] = []): string {
    let name = wanted
    for (let count = 2; this.all.some((one) => one.name === name); count += 1) name = `${wanted} ${count}`
    this.#settings.setEnvironments([...this.all, { name, variables: [...variables] }], name)
    return name
  }

  /** Gives it another name; false when it is taken or empty. */
  rename(name: string, to: string): boolean {
    const wanted = to.trim()
    if (wanted === name) return true
    if (wanted === "" || this.all.some((one) => one.name === wanted)) return false
    const active = this.#settings.environment
    this.#settings.setEnvironments(
      this.all.map((one) => (one.name === name ? { ...one, name: wanted } : one)),
      active === name ? wanted : active,
    )
    return true
  }

  remove(name: string): void {
    this.#settings.setEnvironments(
      this.all.filter((one) => one.name !== name),
      this.#settings.environment,
    )
  }

  /** Puts it back at its place. */
  insert(at: number, environment: Environment): void {
    this.#settings.setEnvironments(this.all.toSpliced(at, 0, environment), environment.name)
  }

  setVariables(name: string, variables: readonly Variable[]): void {
    this.#settings.setEnvironments(
      this.all.map((one) => (one.name === name ? { ...one, variables: [...variables] } : one)),
      this.#settings.environment,
    )
  }
}

/** Whether a text can be the name of a variable: another one isn't replaced. */
export function isVariableName(text: string): boolean {
  return /^[A-Za-z_][\w.-]{0,63}$/.test(text) && !["end", "else", "break", "continue"].includes(text)
}
