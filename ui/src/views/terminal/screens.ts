import type { Summary } from "../../ipc/generated/Summary"
import type { Terminals } from "../../model/terminal/terminals.svelte"
import { TerminalScreen, type ScreenDeps } from "./screen"

/** The screens of terminals that live, shown or not. One that has ended is drawn again when it is shown again. */
const living = new Map<number, TerminalScreen>()

/** Puts the screen of a terminal into an element; `fresh`: it was opened here a moment ago. */
export async function screenOf(
  row: Summary,
  terminals: Terminals,
  deps: Omit<ScreenDeps, "feed">,
  host: HTMLElement,
): Promise<{ screen: TerminalScreen; fresh: boolean }> {
  const known = living.get(row.id)
  if (known) {
    host.append(known.element)
    known.fit()
    return { screen: known, fresh: false }
  }
  const { feed, fresh } = terminals.feed(row.id, row.counts.stdout.bytes)
  const screen = await TerminalScreen.open({ ...deps, feed }, host)
  living.set(row.id, screen)
  // Its first size is that of the pane, whether or not it differs from xterm's own.
  screen.tellSize()
  void feed.follow(screen, visible).then(() => {
    screen.end()
    if (!screen.element.isConnected) forget(row.id, screen)
  })
  return { screen, fresh }
}

/** Nothing shows a screen any more. That of a program that runs is drawn on. */
export function letGo(id: number, screen: TerminalScreen): void {
  screen.element.remove()
  if (screen.feed.ended || screen.feed.trouble) forget(id, screen)
}

function forget(id: number, screen: TerminalScreen): void {
  living.delete(id)
  screen.dispose()
}

/** A hidden window draws slowly: a terminal doesn't wait for it. */
function visible(): Promise<void> {
  if (!document.hidden) return Promise.resolve()
  return new Promise((seen) => {
    const look = () => {
      if (document.hidden) return
      document.removeEventListener("visibilitychange", look)
      seen()
    }
    document.addEventListener("visibilitychange", look)
  })
}
