/* Commands in the container, on this machine, and of docker. */

/** This machine's program of the extension, by the name that its system starts. */
const hostProgram = () =>
  window.ddClient?.host?.platform === "win32" ? "porthole-demo-host.cmd" : "porthole-demo-host"

const container = {
  id: "container",
  title: "Container",
  at: "ddClient.extension.vm.cli",
  about: "Commands in the first container of the backend. This one holds a single program, and no shell.",
  together: true,
  actions: [
    {
      name: "exec",
      why: "Returns the whole output when the command ends.",
      run: async () => {
        const result = await ddClient.extension.vm.cli.exec("demo", ["ls", "/"])
        return result.lines()
      },
    },
    {
      name: "one JSON object",
      run: async () => {
        const result = await ddClient.extension.vm.cli.exec("demo", ["json"])
        return result.parseJsonObject()
      },
    },
    {
      name: "JSON lines",
      run: async () => {
        const result = await ddClient.extension.vm.cli.exec("demo", ["json-lines", "3"])
        return result.parseJsonLines()
      },
    },
    {
      name: "cwd and env",
      why: "Supported by some runtimes, ignored by others.",
      run: () =>
        ddClient.extension.vm.cli.exec("demo", ["env"], {
          cwd: "/run/guest-services",
          env: { LEVEL: "debug" },
        }),
    },
    {
      name: "an argument with a space",
      why: "Without stream it may be split into two.",
      run: () => ddClient.extension.vm.cli.exec("demo", ["args", "two words", "'quoted'"]),
    },
    {
      name: "an exit code other than 0",
      why: "Rejects, with both streams in the error.",
      run: () => ddClient.extension.vm.cli.exec("demo", ["exit", "3"]),
    },
    {
      name: "a missing program",
      run: () => ddClient.extension.vm.cli.exec("no-such-program", []),
    },
    {
      name: "exec with stream, line by line",
      why: "Returns immediately; the output goes to callbacks.",
      run: (show) =>
        ddClient.extension.vm.cli.exec("demo", ["count", "12", "150"], {
          stream: {
            splitOutputLines: true,
            onOutput: (data) => show.output(data),
            onError: (error) => show.error(error),
            onClose: (exitCode) => show.closed(exitCode),
          },
        }),
    },
    {
      name: "exec with stream, in chunks",
      why: "A chunk can end anywhere, also within a line.",
      run: (show) =>
        ddClient.extension.vm.cli.exec("demo", ["json-lines", "40"], {
          stream: {
            onOutput: (data) => show.output(data),
            onError: (error) => show.error(error),
            onClose: (exitCode) => show.closed(exitCode),
          },
        }),
    },
    {
      name: "a stream to close",
      why: "Runs for an hour unless close() is called.",
      endless: true,
      run: (show) =>
        ddClient.extension.vm.cli.exec("demo", ["count", "7200", "500"], {
          stream: {
            splitOutputLines: true,
            onOutput: (data) => show.output(data),
            onError: (error) => show.error(error),
            onClose: (exitCode) => show.closed(exitCode),
          },
        }),
    },
  ],
}

const host = {
  id: "host",
  title: "Host",
  at: "ddClient.extension.host.cli",
  about: "Programs on this machine, with your permissions. The extension includes one, which only reads.",
  together: true,
  actions: [
    {
      name: "exec",
      run: async () => {
        const result = await ddClient.extension.host.cli.exec(hostProgram(), ["about"])
        return result.parseJsonObject()
      },
    },
    {
      name: "cwd and env",
      run: () =>
        ddClient.extension.host.cli.exec(hostProgram(), ["greet"], {
          cwd: ddClient.host.platform === "win32" ? "C:\\" : "/",
          env: { DEMO_NAME: "captain" },
        }),
    },
    {
      name: "an argument with a space",
      why: "Without stream a shell may split and interpret it.",
      run: () => ddClient.extension.host.cli.exec(hostProgram(), ["args", "two words", "'quoted'"]),
    },
    {
      name: "an exit code other than 0",
      run: () => ddClient.extension.host.cli.exec(hostProgram(), ["exit", "3"]),
    },
    {
      name: "exec with stream",
      why: "The arguments arrive unchanged: no shell is used.",
      run: (show) =>
        ddClient.extension.host.cli.exec(hostProgram(), ["count", "12"], {
          stream: {
            splitOutputLines: true,
            onOutput: (data) => show.output(data),
            onError: (error) => show.error(error),
            onClose: (exitCode) => show.closed(exitCode),
          },
        }),
    },
  ],
}

const docker = {
  id: "docker",
  title: "Docker",
  at: "ddClient.docker",
  about: "The docker command on this machine, and two lists of the engine. These actions change nothing.",
  together: true,
  actions: [
    {
      name: "cli.exec",
      why: "The quotes are for the shell that runs the line.",
      run: async () => {
        const args = ["--all", "--format", '"{{json .}}"']
        const result = await ddClient.docker.cli.exec("ps", args)
        return result.parseJsonLines()
      },
    },
    {
      name: "cli.exec with stream",
      why: "Needs no quotes. Runs until close() is called.",
      endless: true,
      run: (show) =>
        ddClient.docker.cli.exec("events", ["--since", "10m", "--format", "{{.Type}} {{.Action}}"], {
          stream: {
            splitOutputLines: true,
            onOutput: (data) => show.output(data),
            onError: (error) => show.error(error),
            onClose: (exitCode) => show.closed(exitCode),
          },
        }),
    },
    {
      name: "listContainers",
      run: () => ddClient.docker.listContainers({ all: true }),
    },
    {
      name: "listImages",
      run: () => ddClient.docker.listImages(),
    },
    {
      name: "an unknown docker command",
      run: () => ddClient.docker.cli.exec("no-such-command", []),
    },
  ],
}
