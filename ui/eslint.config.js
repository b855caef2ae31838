/**
 * What the compiler doesn't check: which folder of `src` may use which, import cycles, and how long files and functions
 * get. `npm run lint`, a part of `make check`.
 */
import { createNodeResolver, importX } from "eslint-plugin-import-x"
import svelte from "eslint-plugin-svelte"
import ts from "typescript-eslint"
import { noCycle } from "./eslint.cycles.js"

/** Each folder of `src` with all that it may import from. CONTRIBUTING.md shows the same arrows. */
const ARROWS = {
  ipc: [],
  sdk: ["ipc/generated"],
  bridge: ["ipc", "sdk"],
  console: ["ipc/generated", "sdk", "bridge"],
  page: ["ipc/generated", "sdk", "bridge"],
  language: ["ipc/generated"],
  model: ["ipc", "sdk", "bridge", "console", "page", "language"],
  components: ["ipc", "bridge", "language", "model"],
  views: ["ipc", "model", "components"],
}

const zones = Object.entries(ARROWS).map(([folder, allowed]) => ({
  target: `src/${folder}`,
  from: "src",
  except: [folder, ...allowed].map((name) => `./${name}`),
  message: `src/${folder} may import from ${allowed.join(", ") || "no other folder"} (ARROWS in eslint.config.js).`,
}))

/** Hosts other than Tauri, such as the tests, bring a `Shell` of their own. */
const onlyInIpc = { group: ["@tauri-apps/*"], message: "Only src/ipc talks to the host." }
const onlyInMain = { group: ["**/ipc/tauri"], message: "Only src/main.ts chooses the host." }
/** One menu, one popover: what wraps the primitives is in `components`. */
const onlyInComponents = {
  group: ["bits-ui"],
  allowImportNames: ["Tabs"],
  message: "Use Menu, RadioMenu or Popover of src/components.",
}

/** A frame's title is its name. Everything else has a tooltip, which the keyboard reaches and which marks hidden characters. */
const noTitles = [
  "SvelteElement[kind='html'][name.name!='iframe']",
  // A part of bits-ui, such as `Popover.Trigger`, which hands it to its element.
  "SvelteElement[kind='component'][name.type='SvelteMemberExpressionName']",
].flatMap((element) =>
  ["SvelteAttribute", "SvelteShorthandAttribute"].map((attribute) => ({
    selector: `${element} > SvelteStartTag > ${attribute}[key.name='title']`,
    message: "Use data-tooltip (src/components/Tooltips.svelte).",
  })),
)

export default ts.config(
  { ignores: ["dist", "src/ipc/generated", "tests/react-page"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    files: ["**/*.ts", "**/*.svelte"],
    languageOptions: { parserOptions: { parser: ts.parser } },
    plugins: { "import-x": importX, porthole: { rules: { "no-cycle": noCycle } } },
    settings: { "import-x/resolver-next": [createNodeResolver({ extensions: [".ts", ".svelte"] })] },
    rules: {
      "porthole/no-cycle": "error",
      "import-x/no-restricted-paths": ["error", { basePath: import.meta.dirname, zones }],
      "no-restricted-syntax": ["error", ...noTitles],
      "max-lines": ["error", 500],
      "max-lines-per-function": ["error", 60],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // The compiler, which warns, knows better which are needed.
      "svelte/no-unused-svelte-ignore": "off",
      // A Map that is filled and then read is no state.
      "svelte/prefer-svelte-reactivity": "off",
    },
  },
  {
    files: ["src/**/*.ts", "src/**/*.svelte"],
    ignores: ["src/ipc/**", "src/main.ts"],
    rules: { "no-restricted-imports": ["error", { patterns: [onlyInIpc, onlyInMain] }] },
  },
  {
    files: ["src/views/**/*.ts", "src/views/**/*.svelte"],
    rules: { "no-restricted-imports": ["error", { patterns: [onlyInIpc, onlyInMain, onlyInComponents] }] },
  },
)
