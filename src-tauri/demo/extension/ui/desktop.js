/* What the desktop shows for an extension. */

/** What a container's page is shown for: the first one that runs. */
async function firstContainer() {
  const [first] = await ddClient.docker.listContainers()
  if (!first) throw new Error("No container is running.")
  return first
}

const desktop = {
  id: "desktop",
  title: "Desktop",
  at: "ddClient.desktopUI, ddClient.host",
  about: "What the desktop shows for an extension, and information about this machine.",
  actions: [
    { name: "toast.success", run: () => ddClient.desktopUI.toast.success("The volume was cloned.") },
    { name: "toast.warning", run: () => ddClient.desktopUI.toast.warning("The disk is nearly full.") },
    { name: "toast.error", run: () => ddClient.desktopUI.toast.error("The volume is in use.") },
    {
      name: "dialog.showOpenDialog",
      why: "Resolves when the user chooses or cancels.",
      run: () =>
        ddClient.desktopUI.dialog.showOpenDialog({
          title: "A folder for the backup",
          properties: ["openDirectory"],
        }),
    },
    {
      name: "host.openExternal",
      why: "Opens in the browser. Only http and https are allowed.",
      run: () => ddClient.host.openExternal("https://example.org/"),
    },
    {
      name: "host, extension.image",
      run: () => {
        const { platform, arch, hostname } = ddClient.host
        return { platform, arch, hostname, image: ddClient.extension.image }
      },
    },
    { name: "navigate.viewContainers", run: () => ddClient.desktopUI.navigate.viewContainers() },
    {
      name: "navigate.viewContainer",
      run: async () => ddClient.desktopUI.navigate.viewContainer((await firstContainer()).Id),
    },
    {
      name: "navigate.viewContainerLogs",
      run: async () => ddClient.desktopUI.navigate.viewContainerLogs((await firstContainer()).Id),
    },
    {
      name: "navigate.viewContainerInspect",
      run: async () => ddClient.desktopUI.navigate.viewContainerInspect((await firstContainer()).Id),
    },
    {
      name: "navigate.viewContainerTerminal",
      run: async () => ddClient.desktopUI.navigate.viewContainerTerminal((await firstContainer()).Id),
    },
    {
      name: "navigate.viewContainerStats",
      run: async () => ddClient.desktopUI.navigate.viewContainerStats((await firstContainer()).Id),
    },
    { name: "navigate.viewImages", run: () => ddClient.desktopUI.navigate.viewImages() },
    {
      name: "navigate.viewImage",
      run: async () => {
        const [first] = await ddClient.docker.listImages()
        return ddClient.desktopUI.navigate.viewImage(first.Id, first.RepoTags[0])
      },
    },
    { name: "navigate.viewVolumes", run: () => ddClient.desktopUI.navigate.viewVolumes() },
    { name: "navigate.viewVolume", run: () => ddClient.desktopUI.navigate.viewVolume("pg-data") },
  ],
}
