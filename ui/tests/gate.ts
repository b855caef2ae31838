/** The shell's part of pending calls, in short: what waits is told at once, one at a time. */
import type { SdkCall } from "../src/ipc/generated/SdkCall"
import type { Commands } from "../src/ipc/generated/Commands"
import type { Plan } from "../src/ipc/generated/Plan"
import type { Prompt } from "../src/ipc/generated/Prompt"
import type { ProposedState } from "../src/ipc/generated/ProposedState"
import type { Permissions } from "../src/model/permission/permissions.svelte"
import { standing, type FakeShell } from "./fake"

type Propose = Commands["propose"]["args"]

interface Waits {
  prompt: Prompt
  decide: (state: ProposedState) => void
  withdraw: () => void
}

export const promptText = (text: string) => ({ text, total: [...text].length })

/** A host command that waits. */
export const prompt = (pending: number, more: Partial<Prompt> = {}): Prompt => ({
  pending,
  origin: "console",
  kind: "host",
  action: {
    kind: "command",
    program: { asked: promptText("ls"), path: "/usr/bin/ls", from_extension: false },
    args: [promptText("a b")],
    args_end: [],
    args_total: 1,
    env: [],
    env_end: [],
    env_total: 0,
    env_replaced: false,
    place: { kind: "host" },
    env_loading: 0,
    line_programs: [],
    line_unclear: false,
  },
  rules: [],
  changed: [],
  changed_total: 0,
  scopes: ["once", "session"],
  ...more,
})

export class FakeGate {
  /** Numbers of calls that were started or recorded. */
  last = 0
  started: Propose[] = []
  skipped: Propose[] = []
  permissions: Permissions | undefined
  #pending = 0
  #waits: Waits[] = []
  #asked = new Map<number, Propose>()
  #decisions = new Map<number, Promise<ProposedState>>()

  constructor(
    private readonly plan: (asked: SdkCall) => Plan,
    private readonly asks: (asked: SdkCall, plan: Plan) => boolean = (_asked, plan) => plan.onHost,
  ) {}

  readonly answers = {
    propose: async (args: Propose) => {
      const plan = this.plan(args.sdk.asked)
      if (plan.does.kind === "refuses") return { plan, state: { kind: "rejected" } as const }
      if (!this.asks(args.sdk.asked, plan)) return { plan, state: this.#start(args) }
      const pending = ++this.#pending
      this.#wait(pending, args)
      return { plan, state: { kind: "waiting", pending } as const }
    },
    decision: async ({ pending }: { pending: number }) => this.#decisions.get(pending)!,
    approve: async ({ pending }: { pending: number }) =>
      this.#take(pending).decide(this.#start(this.#asked.get(pending)!)),
    deny: async ({ pending }: { pending: number }) => {
      this.skipped.push(this.#asked.get(pending)!)
      const error = { code: "not_allowed", message: "Not run: you didn't allow this host command" } as const
      this.#take(pending).decide({ kind: "refused", id: ++this.last, error })
    },
    withdraw: async ({ origin }: Commands["withdraw"]["args"]) => {
      for (const { prompt } of this.#waits.filter(({ prompt }) => prompt.origin === origin))
        this.#take(prompt.pending).withdraw()
    },
  }

  /** Answers what a window asks of the shell with this. */
  of(shell: FakeShell, permissions: Permissions): void {
    this.permissions = permissions
    Object.assign(shell.answers, this.answers, { ...shell.answers })
  }

  #start(args: Propose): ProposedState {
    this.started.push(args)
    return { kind: "started", id: ++this.last }
  }

  #wait(pending: number, args: Propose): void {
    let decide = (_: ProposedState): void => {}
    let withdraw = (): void => {}
    const decided = new Promise<ProposedState>((done, fail) => {
      decide = done
      withdraw = () => fail({ code: "cancelled", message: "withdrawn" })
    })
    decided.catch(() => {})
    const { called } = args.sdk
    const shown = prompt(pending, { origin: args.origin, ...(called === undefined ? {} : { called }) })
    this.#asked.set(pending, args)
    this.#decisions.set(pending, decided)
    this.#waits.push({ prompt: shown, decide, withdraw })
    this.#tell()
  }

  #of(pending: number): Waits {
    const found = this.#waits.find(({ prompt }) => prompt.pending === pending)
    if (!found) throw { code: "pending_not_found", message: "there is none" }
    return found
  }

  #take(pending: number): Waits {
    const taken = this.#of(pending)
    this.#waits = this.#waits.filter((waits) => waits !== taken)
    this.#tell()
    return taken
  }

  #tell(): void {
    const first = this.#waits[0]?.prompt
    this.permissions?.see({
      ...(first ? { prompt: first } : {}),
      waiting: this.#waits.length,
      permissions: standing,
    })
  }
}
