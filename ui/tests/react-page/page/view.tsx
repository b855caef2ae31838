import { createDockerDesktopClient } from "@docker/extension-api-client"
import { lazy, Suspense, useEffect, useState } from "react"
import { InlineCode } from "./words"

const client = createDockerDesktopClient()
const Later = lazy(() => import("./later"))

/** What an extension's page is made of: a request to the service, and a command whose lines come one by one. */
export function View() {
  const [hello, setHello] = useState("")
  const [lines, setLines] = useState<string[]>([])
  const [code, setCode] = useState<number>()

  useEffect(() => {
    const asked = client.extension.vm?.service?.get("/hello") as Promise<{ message: string }>
    asked.then(({ message }) => setHello(message), console.error)
    const running = client.extension.host?.cli.exec("seq", ["1", "3"], {
      stream: {
        splitOutputLines: true,
        onOutput: (data) => setLines((lines) => [...lines, data.stdout ?? data.stderr ?? ""]),
        onClose: setCode,
      },
    })
    return () => running?.close()
  }, [])

  return (
    <main style={{ font: "14px system-ui" }}>
      <InlineCode />
      <p id="hello">{hello}</p>
      <ol id="lines">
        {lines.map((line, at) => (
          <li key={at}>{line}</li>
        ))}
      </ol>
      <p id="code">{code === undefined ? "" : `ended with ${code}`}</p>
      <Suspense>
        <Later />
      </Suspense>
    </main>
  )
}
