import { createRoot } from "react-dom/client"
import { View } from "./view"

console.log("began", "ddClient" in window)
createRoot(document.getElementById("root")!).render(<View />)
