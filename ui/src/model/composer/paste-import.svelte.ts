import type { Draft } from "../../ipc/generated/Draft"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"
import type { Composer } from "./composer.svelte"

interface Read {
  notes: readonly string[]
  /** What the composer held right after: what is changed since makes the undo wrong. */
  made: string
  undo: () => void
}

/** Fills the composer from a pasted command line. */
export class PasteImport {
  trouble = $state.raw<Trouble>()

  #read = $state.raw<Read>()
  #shell: Shell
  #composer: Composer

  constructor(shell: Shell, composer: Composer) {
    this.#shell = shell
    this.#composer = composer
  }

  /** The last line that was read, while the composer still holds what it says. */
  readOf(composed: Draft): Omit<Read, "made"> | undefined {
    return this.#read?.made === JSON.stringify(composed) ? this.#read : undefined
  }

  /**
   * Reads a line. `plainly` does what a paste of any other text would do: it follows when the line
   * could not be read, or when it is undone.
   */
  async take(text: string, plainly: () => void = () => {}): Promise<boolean> {
    const composer = this.#composer
    const { tab } = composer
    const request = composer.request.request()
    // In which container is the target's; that it is one is the form's.
    const command = composer.command.command("")
    try {
      const { composed, notes } = await this.#shell.ask("paste", { text })
      composer.load(composed)
      this.trouble = undefined
      const undo = () => {
        composer.request.load(request)
        composer.command.load(command)
        composer.tab = tab
        this.#read = undefined
        plainly()
      }
      this.#read = { notes, made: JSON.stringify(composer.composed()), undo }
      return true
    } catch (thrown) {
      this.trouble = trouble(thrown)
      plainly()
      return false
    }
  }
}

const PROMPT = /^\s*(?:PS [^\n]*?> |[$#%>] )?\s*(?:& ?)?(?:sudo\s+|[A-Za-z_]\w*=\S*\s+)*/
const CURL = /^(?:\S*[/\\])?curl(?:\.exe)?\s/i
// Options and `compose` may appear before `exec`, another subcommand not: its own arguments may say exec.
const EXEC =
  /^(?:\S*[/\\])?(?:docker|podman|nerdctl|docker-compose|podman-compose)(?:\.exe)?(?:\s+(?!(?:run|create|build|ps)\s)\S+)*?\s+exec\s/i

const KUBECTL = /^(?:\S*[/\\])?(?:kubectl|oc)(?:\.exe)?\s+(?:-\S+\s+(?:\S+\s+)?)*?exec\s/i
const HTTPIE = /^(?:\S*[/\\])?(?:https?|xh)(?:\.exe)?\s+\S/
const WEB_REQUEST = /^(?:\$session\b|(?:\$\w+\s*=\s*)?(?:Invoke-RestMethod|Invoke-WebRequest|irm|iwr)\s)/i

/**
 * Whether pasted text is a request or an engine's `exec`, which fill the whole composer, with what a terminal has before
 * it perhaps.
 */
export function looksLikeCall(text: string): boolean {
  const call = text.replace(PROMPT, "")
  return [CURL, EXEC, KUBECTL, HTTPIE, WEB_REQUEST].some((one) => one.test(call) || one.test(text.trim()))
}
