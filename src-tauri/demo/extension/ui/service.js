/*
 * The page's actions. Each one is a function, and the page shows its code: it reads the
 * function's own text. `show` takes what comes later, from callbacks.
 *
 * Not strict: a strict function that ends with a call is gone from WebKit's stack by then, and a recorder of
 * the call can't tell which line made it.
 */

const service = {
  id: "service",
  title: "Service",
  at: "ddClient.extension.vm.service",
  about: "Requests to the backend's socket. Your code gets only the body: no status, headers or stream.",
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
      why: "HEAD has no body: check whether the promise resolves.",
      run: () => ddClient.extension.vm.service.head("/hello"),
    },
    {
      name: "request",
      why: "The only function that can send headers.",
      run: () =>
        ddClient.extension.vm.service.request({
          url: "/echo",
          method: "POST",
          headers: { "X-Request-From": "the demo" },
          data: { volume: "pg data" },
        }),
    },
    {
      name: "an error status",
      why: "Rejects. The error differs between runtimes.",
      run: () => ddClient.extension.vm.service.get("/status/404"),
    },
    {
      name: "an HTML error page",
      why: "Often sent by a proxy where JSON was expected.",
      run: () => ddClient.extension.vm.service.get("/html-error"),
    },
    {
      name: "large numbers",
      why: "Above 2^53, the last digits are lost before your code gets them.",
      run: () => ddClient.extension.vm.service.get("/numbers"),
    },
    {
      name: "a slow response",
      why: "The SDK has no timeout and can't cancel a request.",
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
      why: "Closed before a response was sent.",
      run: () => ddClient.extension.vm.service.get("/close"),
    },
  ],
}
