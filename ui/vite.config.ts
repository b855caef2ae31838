import { svelte } from "@sveltejs/vite-plugin-svelte"
import { svelteTesting } from "@testing-library/svelte/vite"
import { defineConfig } from "vitest/config"
import { consoleFrame, TARGET } from "./frame.build.ts"
import { definedProperties } from "./frozen.build.ts"

export default defineConfig({
  plugins: [svelte(), consoleFrame(), definedProperties()],
  // Tauri's `devUrl` names this port: another one would show an empty window.
  server: { port: 5173, strictPort: true, host: "127.0.0.1" },
  clearScreen: false,
  build: {
    target: TARGET,
    // The page's policy allows no `data:` fonts or scripts, and the polyfill is an inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // A module, as the page is. `typescript` (a dependency: it is part of the product) is in the language
  // worker alone, which is loaded when the console is first opened.
  worker: { format: "es" },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "model",
          include: ["tests/*.test.{ts,js}"],
          environment: "node",
        },
      },
      {
        // Components are mounted as in a browser.
        extends: true,
        plugins: [svelteTesting()],
        test: { name: "components", include: ["tests/components/*.test.ts"], environment: "happy-dom" },
      },
    ],
    // Five seconds, the default, are over on a machine that also compiles.
    testTimeout: 30_000,
    // This package names its file for browsers only, and says that its ES module is none.
    alias: [
      { find: /^@docker\/extension-api-client$/, replacement: "@docker/extension-api-client/dist/index.js" },
    ],
    server: { deps: { inline: [/@docker\/extension-api-client/] } },
  },
})
