import { createContext } from "svelte"
import type { Porthole } from "../model/porthole.svelte"

/** The state of the window, for every panel. */
export const [getPorthole, setPorthole] = createContext<Porthole>()
