import type { v1 } from "@docker/extension-api-client-types"
import type { Runtime } from "../ipc/generated/Runtime"
import { nameOf } from "./facts"
import { LONGEST_TEXT, type Level } from "./messages"
import type { Transport } from "./transport"

/** The intents of the current API, and what each shows. */
const INTENTS = {
  viewContainers: "Containers",
  viewContainer: "Container",
  viewContainerLogs: "Container › Logs",
  viewContainerInspect: "Container › Inspect",
  viewContainerTerminal: "Container › Terminal",
  viewContainerStats: "Container › Stats",
  viewImages: "Images",
  viewImage: "Image",
  viewVolumes: "Volumes",
  viewVolume: "Volume",
} as const satisfies Record<keyof v1.NavigationIntents, string>

type Intent = keyof typeof INTENTS

/** What the desktop's own window would show; Porthole says so and shows nothing of it. */
export class Desktop {
  #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  toast(level: Level, message: unknown): void {
    this.#transport.tell({ kind: "desktop", what: "toast", level, text: short(message) })
  }

  navigate(intent: Intent, args: readonly unknown[]): void {
    const text = [INTENTS[intent], ...args.map(short)].join(" ")
    this.#transport.tell({ kind: "desktop", what: "navigate", text: short(text) })
  }

  /** The types allow `http` and `https`; nothing else is handed to the system anywhere. */
  openExternal(url: unknown): void {
    const text = short(url)
    if (/^https?:\/\//i.test(text)) this.#transport.tell({ kind: "desktop", what: "open", text })
    else this.warn(`openExternal accepts only http and https URLs. Not opened: ${text}`)
  }

  warn(text: string): void {
    this.#transport.tell({ kind: "warning", text: short(text) })
  }
}

export function toastOf(desktop: Desktop): v1.Toast {
  return {
    success: (message) => desktop.toast("success", message),
    warning: (message) => desktop.toast("warning", message),
    error: (message) => desktop.toast("error", message),
  }
}

export function dialogOf(transport: Transport): v1.Dialog {
  return { showOpenDialog: (properties) => transport.ask("dialog", properties) }
}

/**
 * Rancher Desktop has an empty object here, Podman Desktop functions that do nothing (both read in
 * their preload scripts). Docker Desktop rejects when there is no such container, which is not
 * looked up here.
 */
export function navigateOf(desktop: Desktop, runtime: Runtime): v1.NavigationIntents {
  if (runtime === "rancher-desktop") return {} as v1.NavigationIntents
  const go = async (intent: Intent, args: readonly unknown[]): Promise<void> => {
    if (runtime === "docker-desktop") desktop.navigate(intent, args)
    else desktop.warn(`desktopUI.navigate.${intent} does nothing on ${nameOf(runtime)}.`)
  }
  const intents = Object.keys(INTENTS) as Intent[]
  return Object.fromEntries(
    intents.map((intent) => [intent, (...args: unknown[]) => go(intent, args)]),
  ) as Record<Intent, (...args: unknown[]) => Promise<void>>
}

function short(value: unknown): string {
  let text: string
  try {
    text = String(value)
  } catch {
    text = "[object Object]"
  }
  return text.slice(0, LONGEST_TEXT / 2)
}
