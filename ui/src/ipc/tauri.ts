import { convertFileSrc, invoke } from "@tauri-apps/api/core"
import type { Commands } from "./generated/Commands"
import { trouble, type Name, type Shell } from "./shell"

/** The shell of the desktop application. The only file that knows of Tauri. */
export const tauri: Shell = {
  /** `console://localhost/frame.html`, or what Windows has in its place. */
  get consoleFrame() {
    return convertFileSrc("frame.html", "console")
  },

  async ask<K extends Name>(name: K, args: Commands[K]["args"]): Promise<Commands[K]["answer"]> {
    try {
      return await invoke<Commands[K]["answer"]>(name, args)
    } catch (thrown) {
      throw trouble(thrown)
    }
  },
}
