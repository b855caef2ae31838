import { mount } from "svelte"
import { tauri } from "./ipc/tauri"
import type { Compile } from "./model/console.svelte"
import { Porthole } from "./model/porthole.svelte"
import "./styles/tokens.css"
import "./styles/base.css"
import App from "./views/App.svelte"
import { copyText } from "./views/copy"

// The language worker is not loaded before code is looked at or run.
const compile: Compile = async (code) => (await import("./console/language")).compile(code)
const porthole = new Porthole(tauri, copyText, compile)
mount(App, { target: document.getElementById("app")!, props: { porthole } })
void porthole.begin()
