import { expect, test } from "vitest"
import { watchInput } from "../../src/components/watch-input"
import type { InputGuard, Press } from "../../src/model/permission/guard.svelte"

/** What is held down, as a guard is told. */
function held() {
  const down = new Set<string>()
  const guard = {
    down: (press: Press) => void down.add(press.id),
    up: (press: Press) => void down.delete(press.id),
    pointer: (id: string, buttons: number) => void (buttons === 0 ? down.delete(id) : down.add(id)),
    lost: () => down.clear(),
  }
  return { down, end: watchInput(guard as unknown as InputGuard) }
}

const mouse = { pointerId: 7, pointerType: "mouse", bubbles: true }

test("a mouse button whose pointerup never comes is let go with the mouseup", () => {
  const { down, end } = held()
  dispatchEvent(new PointerEvent("pointerdown", { ...mouse, buttons: 1 }))
  expect([...down]).toEqual(["pointer 7"])
  dispatchEvent(new MouseEvent("mouseup", { button: 0, buttons: 0 }))
  expect([...down]).toEqual([])
  end()
})

test("a button that is still held stays held when another one is let go", () => {
  const { down, end } = held()
  dispatchEvent(new PointerEvent("pointermove", { ...mouse, buttons: 3 }))
  dispatchEvent(new MouseEvent("mouseup", { button: 2, buttons: 1 }))
  expect([...down]).toEqual(["pointer 7"])
  dispatchEvent(new PointerEvent("pointermove", { ...mouse, buttons: 0 }))
  expect([...down]).toEqual([])
  end()
})
