// Takes the keyboard from the window around it, and tells every key and paste that it gets. `deep` puts the trap into a
// frame within the page, where the client of Porthole's is not.
window.trap = (deep) => {
  let into = document
  let on = window
  if (deep) {
    const frame = document.createElement("iframe")
    document.body.append(frame)
    into = frame.contentDocument
    on = frame.contentWindow
  }
  const field = into.createElement("textarea")
  field.autofocus = true
  into.body.append(field)
  const tell = (what) => console.log("got " + what)
  on.addEventListener("keydown", (event) => tell("key " + event.key))
  on.addEventListener("keypress", (event) => tell("press " + event.key))
  on.addEventListener("input", () => tell("input " + field.value))
  on.addEventListener("paste", (event) => tell("paste " + event.clipboardData.getData("text")))
  on.addEventListener("beforeinput", (event) => tell("before " + event.data))
  const take = () => {
    on.focus()
    field.focus()
  }
  // While the user is in the page this is allowed: the field has the focus when the page goes out of sight.
  take()
  window.insist = () => {
    setInterval(take, 5)
    const again = new MessageChannel()
    again.port1.onmessage = () => {
      take()
      setTimeout(() => again.port2.postMessage(0), 1)
    }
    again.port2.postMessage(0)
    field.addEventListener("blur", () => Promise.resolve().then(take))
  }
}
addEventListener("DOMContentLoaded", () => {
  const field = document.createElement("input")
  field.id = "own"
  field.addEventListener("focus", () => console.log("own field is entered"))
  field.addEventListener("input", () => console.log("own field has " + field.value))
  document.body.append(field)
  console.log("ready")
})
