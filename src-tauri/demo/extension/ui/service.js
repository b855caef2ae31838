/*
 * What the page can do. Each action is a function, and its code is what the page shows: it reads the
 * function's own text. `show` takes what comes later, from callbacks.
 *
 * Not strict: a strict function that ends with a call is gone from WebKit's stack by then, and whoever records
 * the call could not say which line made it.
 */

const service = {
  id: "service",
  title: "Service",
  at: "ddClient.extension.vm.service",
  about: "Requests to the backend's socket. The code gets the body alone: no status, no headers, no stream.",
  together: true,
  actions: [
    {
      name: "get",
      why: "JSON arrives parsed.",
      run: () => ddClient.extension.vm.service.get("/hello"),
    },
    {
      name: "post",
      why: "An object is sent as JSON.",
      run: () => ddClient.extension.vm.service.post("/echo", { volume: "pg data", size: 42 }),
    },
    {
      name: "put",
      run: () => ddClient.extension.vm.service.put("/echo", { volume: "pg data" }),
    },
    {
      name: "patch",
      run: () => ddClient.extension.vm.service.patch("/echo", { size: 43 }),
    },
    {
      name: "delete",
      run: () => ddClient.extension.vm.service.delete("/echo"),
    },
    {
      name: "head",
      why: "There is no body: what counts is whether it resolves.",
      run: () => ddClient.extension.vm.service.head("/hello"),
    },
    {
      name: "request",
      why: "The only one that can send headers.",
      run: () =>
        ddClient.extension.vm.service.request({
          url: "/echo",
          method: "POST",
          headers: { "X-Request-From": "the demo" },
          data: { volume: "pg data" },
        }),
    },
    {
      name: "a status that is no success",
      why: "Rejects. What with differs from desktop to desktop.",
      run: () => ddClient.extension.vm.service.get("/status/404"),
    },
    {
      name: "an HTML error page",
      why: "A proxy's, most often, where JSON was expected.",
      run: () => ddClient.extension.vm.service.get("/html-error"),
    },
    {
      name: "large numbers",
      why: "Beyond 2^53 the last digits are gone before the code sees them.",
      run: () => ddClient.extension.vm.service.get("/numbers"),
    },
    {
      name: "a slow answer",
      why: "There is no timeout and no way to give up.",
      run: () => ddClient.extension.vm.service.get("/slow?ms=2000"),
    },
    {
      name: "several at once",
      run: () => {
        const paths = ["/hello", "/slow?ms=300", "/status/503", "/ndjson?count=3"]
        return Promise.allSettled(paths.map((path) => ddClient.extension.vm.service.get(path)))
      },
    },
    {
      name: "a connection that breaks",
      why: "Closed before there was an answer.",
      run: () => ddClient.extension.vm.service.get("/close"),
    },
  ],
}
