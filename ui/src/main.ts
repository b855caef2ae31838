import { mount } from "svelte"
import { tauri } from "./ipc/tauri"
import { Porthole } from "./model/porthole.svelte"
import "./styles/tokens.css"
import "./styles/base.css"
import App from "./views/App.svelte"
import { copyText } from "./views/copy"

const porthole = new Porthole(tauri, copyText)
mount(App, { target: document.getElementById("app")!, props: { porthole } })
void porthole.begin()
