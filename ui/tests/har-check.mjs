// Checks a HAR file with the public schema of the format; what is wrong goes to stderr.
import { readFileSync } from "node:fs"
import { har } from "har-validator"

try {
  await har(JSON.parse(readFileSync(process.argv[2], "utf8")))
} catch (thrown) {
  console.error(JSON.stringify(thrown.errors ?? String(thrown), null, 2))
  process.exitCode = 1
}
