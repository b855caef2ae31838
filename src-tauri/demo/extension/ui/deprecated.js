/* The deprecated functions, which some desktops still have. Elsewhere, calling one throws. */

const deprecated = {
  id: "deprecated",
  title: "Deprecated",
  at: "ddClient.backend, ddClient",
  about: "The deprecated API. It exists only on Docker Desktop; elsewhere each call throws.",
  actions: [
    { name: "backend.get", run: () => ddClient.backend.get("/hello") },
    { name: "backend.post", run: () => ddClient.backend.post("/echo", { volume: "pg data" }) },
    { name: "backend.put", run: () => ddClient.backend.put("/echo", { volume: "pg data" }) },
    { name: "backend.patch", run: () => ddClient.backend.patch("/echo", { size: 43 }) },
    { name: "backend.delete", run: () => ddClient.backend.delete("/echo") },
    { name: "backend.head", run: () => ddClient.backend.head("/hello") },
    {
      name: "backend.request",
      run: () =>
        ddClient.backend.request({
          url: "/echo",
          method: "POST",
          headers: { "X-Request-From": "the demo" },
          data: { volume: "pg data" },
        }),
    },
    {
      name: "backend.execInVMExtension",
      why: "One string. How it is split isn't documented.",
      run: () => ddClient.backend.execInVMExtension("demo ls /"),
    },
    {
      name: "backend.execInContainer",
      run: async () => {
        const { Names } = await firstContainer()
        return ddClient.backend.execInContainer(Names[0].slice(1), "demo pwd")
      },
    },
    {
      name: "backend.spawnInVMExtension",
      why: "One callback for everything; the last call has an exit code, which may be 0.",
      run: (show) =>
        ddClient.backend.spawnInVMExtension("demo", ["count", "8"], (data, error) => {
          if (error) show.error(error)
          else if (data.code !== undefined) show.closed(data.code)
          else show.output(data)
        }),
    },
    { name: "execHostCmd", run: () => ddClient.execHostCmd(`${hostProgram()} about`) },
    {
      name: "spawnHostCmd",
      run: (show) =>
        ddClient.spawnHostCmd(hostProgram(), ["count", "8"], (data, error) => {
          if (error) show.error(error)
          else if (data.code !== undefined) show.closed(data.code)
          else show.output(data)
        }),
    },
    { name: "execDockerCmd", run: () => ddClient.execDockerCmd("version") },
    {
      name: "spawnDockerCmd",
      run: (show) =>
        ddClient.spawnDockerCmd("images", ["--digests"], (data, error) => {
          if (error) show.error(error)
          else if (data.code !== undefined) show.closed(data.code)
          else show.output(data)
        }),
    },
    { name: "listContainers", run: () => ddClient.listContainers() },
    { name: "listImages", run: () => ddClient.listImages() },
    { name: "toastSuccess", run: () => ddClient.toastSuccess("The volume was cloned.") },
    { name: "toastWarning", run: () => ddClient.toastWarning("The disk is nearly full.") },
    { name: "toastError", run: () => ddClient.toastError("The volume is in use.") },
    { name: "openExternal", run: () => ddClient.openExternal("https://example.org/") },
    { name: "navigateToContainers", run: () => ddClient.navigateToContainers() },
    {
      name: "navigateToContainer",
      run: async () => ddClient.navigateToContainer((await firstContainer()).Id),
    },
    {
      name: "navigateToContainerLogs",
      run: async () => ddClient.navigateToContainerLogs((await firstContainer()).Id),
    },
    {
      name: "navigateToContainerInspect",
      run: async () => ddClient.navigateToContainerInspect((await firstContainer()).Id),
    },
    {
      name: "navigateToContainerStats",
      run: async () => ddClient.navigateToContainerStats((await firstContainer()).Id),
    },
    { name: "navigateToImages", run: () => ddClient.navigateToImages() },
    {
      name: "navigateToImage",
      run: async () => {
        const [first] = await ddClient.listImages()
        return ddClient.navigateToImage(first.Id, first.RepoTags[0])
      },
    },
    { name: "navigateToVolumes", run: () => ddClient.navigateToVolumes() },
    { name: "navigateToVolume", run: () => ddClient.navigateToVolume("pg-data") },
  ],
}

const sections = [service, container, host, docker, desktop, deprecated]
