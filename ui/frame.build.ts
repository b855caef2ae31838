/**
 * Builds the frame that runs the console's code: `console/frame.html` and `console/frame.js`, one
 * classic script with the Worker's inside, because the frame's policy lets it fetch nothing else; and
 * `page/client.js`, which runs in an extension's page.
 */
import { build, type Plugin } from "vite"

/** The oldest engines that know `light-dark()`, on which the tokens are. */
export const TARGET = ["safari17.5", "chrome123"]

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Porthole's console</title>
    <script src="frame.js" defer></script>
  </head>
  <body></body>
</html>
`

/** As the desktop shell says it, but for where the script comes from. */
const policy = (origin: string): string =>
  `default-src 'none'; script-src ${origin} blob:; worker-src blob:; connect-src 'none'; sandbox allow-scripts`

/** One file as one classic script. */
async function scriptOf(root: string, input: string, plugins: Plugin[] = []): Promise<string> {
  const built = await build({
    configFile: false,
    root,
    logLevel: "warn",
    plugins,
    publicDir: false,
    build: {
      write: false,
      target: TARGET,
      modulePreload: false,
      rolldownOptions: { input, output: { format: "iife" } },
    },
  })
  const [output] = Array.isArray(built) ? built : [built]
  const chunk = output && "output" in output ? output.output[0] : undefined
  if (chunk?.type !== "chunk") throw new Error(`${input} gave no script`)
  return chunk.code
}

const NAME = "virtual:console-worker"

/** The Worker's script as the text of a module. */
const worker = (root: string): Plugin => ({
  name: "console-worker",
  resolveId: (id) => (id === NAME ? id : undefined),
  load: async (id) =>
    id === NAME
      ? `export default ${JSON.stringify(await scriptOf(root, "src/console/worker.ts"))}`
      : undefined,
})

/** What the shell puts first into an extension's page: it runs before the page's own scripts. */
const CLIENT = "src/page/client.ts"

const frameScript = (root: string): Promise<string> => scriptOf(root, "src/console/frame.ts", [worker(root)])

export function consoleFrame(): Plugin {
  let root = ""
  return {
    name: "console-frame",
    configResolved(config) {
      root = config.root
    },
    async generateBundle() {
      this.emitFile({ type: "asset", fileName: "console/frame.html", source: PAGE })
      this.emitFile({ type: "asset", fileName: "console/frame.js", source: await frameScript(root) })
      this.emitFile({ type: "asset", fileName: "page/client.js", source: await scriptOf(root, CLIENT) })
    },
    configureServer(server) {
      const origin = `http://${server.config.server.host as string}:${server.config.server.port}`
      const serve = (path: string, type: string, make: () => Promise<string> | string): void => {
        server.middlewares.use(path, (_request, response, next) => {
          void Promise.resolve()
            .then(make)
            .then((text) => {
              response.setHeader("content-type", type)
              response.setHeader("content-security-policy", policy(origin))
              response.end(text)
            }, next)
        })
      }
      serve("/console/frame.html", "text/html", () => PAGE)
      serve("/console/frame.js", "text/javascript", () => frameScript(root))
    },
  }
}
