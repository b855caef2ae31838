// Beside the page and not in it: what Vite writes goes where the test has its copy.
export default { root: "page", base: "./", cacheDir: ".vite", build: { outDir: "../ui", emptyOutDir: true } }
