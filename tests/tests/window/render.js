// What code received, in the words of sdk/src/sdk_result/text.rs, on one line.
function quoted(text) {
  const escaped = { "'": "\\'", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" }
  const code = (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`
  return `'${text.replace(/['\\\x00-\x1f\x7f]/g, (c) => escaped[c] ?? code(c))}'`
}

function shown(value) {
  if (typeof value === "string") return quoted(value)
  if (Object.is(value, -0)) return "-0"
  if (typeof value === "function") return "[Function]"
  if (value === null || typeof value !== "object") return String(value)
  if (value instanceof Uint8Array) return `Uint8Array(${value.length}) ${quoted(new TextDecoder().decode(value))}`
  if (Array.isArray(value)) return `[${value.map(shown).join(", ")}]`
  const key = (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name))
  const property = ([name, part]) => (typeof part === "function" ? `${name}()` : `${key(name)}: ${shown(part)}`)
  const own = Object.getOwnPropertyNames(value).map((name) => [name, value[name]])
  if (value instanceof Error) {
    // Engines add properties of their own, such as the place.
    const more = own.filter(([name]) => !["name", "message", "stack", "line", "column", "sourceURL"].includes(name))
    return `${value.name} { ${[["name", value.name], ["message", value.message], ...more].map(property).join(", ")} }`
  }
  return own.length === 0 ? "{}" : `{ ${own.map(property).join(", ")} }`
}

async function settled(act) {
  let promise
  try {
    promise = act()
  } catch (thrown) {
    return `throws ${thrown.name}`
  }
  return promise.then(
    (value) => `resolves to ${shown(value)}`,
    (error) => `rejects with ${shown(error)}`,
  )
}

async function stream({ exec, cmd, args, split, closeAfterFirst }, expected) {
  const called = []
  let enough
  const came = new Promise((done) => (enough = done))
  const add = (text) => {
    called.push(text)
    if (closeAfterFirst && called.length === 1) process.close()
    if (called.length >= expected) enough()
  }
  const process = ddClient.extension[exec].cli.exec(cmd, args, {
    stream: {
      splitOutputLines: split,
      onOutput: (data) => add(`onOutput(${shown(data)})`),
      onError: (error) => add(`onError(${shown(error)})`),
      onClose: (code) => add(`onClose(${shown(code)})`),
    },
  })
  await came
  // What would come beyond it comes before the end of a command that is begun now.
  await ddClient.extension[exec].cli.exec("sleep", ["0.3"]).catch(() => {})
  return called.join("\n")
}

// A row that never ends is named, and the others still run.
async function row(n, act) {
  let timer
  const late = new Promise((done) => (timer = setTimeout(done, 10_000, "nothing within 10 s")))
  console.log(`row ${n} ${JSON.stringify(await Promise.race([act(), late]))}`)
  clearTimeout(timer)
}
