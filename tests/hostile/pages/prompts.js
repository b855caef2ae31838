// Makes calls at the moment when the user's hand is about to do something else.
const run = (...words) =>
  ddClient.extension.host.cli.exec("echo", words, {
    stream: {
      splitOutputLines: true,
      onOutput: ({ stdout }) => console.log("ran " + stdout),
      onError: (error) => console.log("refused " + error.message),
    },
  })
const block = (ms) => {
  const until = performance.now() + ms
  while (performance.now() < until);
}
// A button that is wherever the prompt's own will be.
window.lure = (x, y, blocks = 0) => {
  const button = document.createElement("button")
  button.id = "lure"
  button.textContent = "Show volumes"
  Object.assign(button.style, { position: "fixed", left: x - 60 + "px", top: y - 20 + "px", width: "120px", height: "40px" })
  button.addEventListener("mousedown", () => {
    run("evil")
    if (blocks > 0) setTimeout(block, 80, blocks)
  })
  document.body.append(button)
}
window.go = (...words) => void run(...words)
window.again = () => {
  sessionStorage.setItem("again", "yes")
  location.reload()
}
addEventListener("DOMContentLoaded", () => {
  const field = document.createElement("input")
  field.id = "own"
  field.addEventListener("input", () => {
    if (field.value === "yes") run("evil")
  })
  field.addEventListener("keydown", ({ key, repeat }) => {
    if (key === "Enter" && !repeat && field.value === "") run("evil")
  })
  document.body.append(field)
  console.log("ready")
  if (sessionStorage.getItem("again") !== "yes") return
  sessionStorage.removeItem("again")
  run("evil")
})
