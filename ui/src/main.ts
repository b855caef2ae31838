import { mount } from "svelte"
import { tauri } from "./ipc/tauri"
import { Porthole } from "./model/porthole.svelte"
import "./styles/tokens.css"
import "./styles/base.css"
import App from "./views/App.svelte"

const porthole = new Porthole(tauri)
mount(App, { target: document.getElementById("app")!, props: { porthole } })
void porthole.begin()
