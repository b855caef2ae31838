import { tick } from "svelte"

/** Puts the focus on the first field of a tab of the composer, when that is shown. */
export async function focusFirst(tab: string): Promise<void> {
  await tick()
  document.querySelector<HTMLElement>(`[data-first="${tab}-first"]`)?.focus()
}
