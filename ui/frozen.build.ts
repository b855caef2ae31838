/**
 * The window's `Object.prototype` is frozen (`freezePrototype` in `tauri.conf.json`), so that nothing can be put into all
 * objects. Then a script can't assign `toString` to an object without one, as xterm.js 6 does in one place: there the
 * property is defined instead, which is the same.
 */
import type { Plugin } from "vite"

const ASSIGNED = /\b(\w+)\.toString=(\w+);/g

export function definedProperties(): Plugin {
  return {
    name: "defined-properties",
    transform(code, id) {
      if (!id.includes("/@xterm/xterm/lib/xterm.mjs")) return undefined
      const found = code.match(ASSIGNED)?.length ?? 0
      // Another release is to be looked at: it may assign more, or nothing.
      if (found !== 1) this.error(`xterm.js assigns toString in ${found} places, not in one`)
      return { code: code.replace(ASSIGNED, 'Object.defineProperty($1,"toString",{value:$2});'), map: null }
    },
  }
}
