import { mount } from "svelte"
import "@fontsource-variable/inter/wght.css"
import "@fontsource-variable/jetbrains-mono/wght.css"
import { tauri } from "./ipc/tauri"
import type { Compile } from "./model/console/console.svelte"
import { Porthole } from "./model/porthole.svelte"
import "./styles/tokens.css"
import "./styles/base.css"
import App from "./views/App.svelte"
import { copyText } from "./components/copy"
import PageWindow from "./views/PageWindow.svelte"

// The language worker is not loaded before code is looked at or run.
const compile: Compile = async (code) => (await import("./language/client")).compile(code)
const porthole = new Porthole(tauri, copyText, compile)
const target = document.getElementById("app")!
if (location.search === "?page") {
  mount(PageWindow, { target, props: { porthole } })
  void porthole.beginOwn()
} else {
  mount(App, { target, props: { porthole } })
  void porthole.begin()
}
