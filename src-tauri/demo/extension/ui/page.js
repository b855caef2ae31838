"use strict"

/* Draws the actions, runs them and shows what comes of them. */

/** How many lines of a stream are kept on the page. */
const KEPT = 300

function element(name, properties = {}, ...children) {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(properties)) {
    if (key in made) made[key] = value
    else made.setAttribute(key, value)
  }
  made.append(...children)
  return made
}

/** One action: its code at the left, what it got at the right. */
class Action {
  constructor(section, action) {
    const { name, why = "", run } = action
    this.action = action
    /** Counts up with each run: what a former one still says is not shown. */
    this.run = 0
    const id = `${section.id}-${name.replace(/[^a-z0-9]+/gi, "-")}`
    const unseen = (text) => element("span", { className: "unseen", textContent: text })
    this.button = element("button", { type: "button", className: "run", id }, "Run", unseen(` ${name}`))
    this.stop = element(
      "button",
      { type: "button", className: "stop", hidden: true },
      "close()",
      unseen(` of ${name}`),
    )
    this.state = element("span", { className: "state", role: "status" })
    this.got = element("pre", { className: "got", hidden: true })
    const title = element("h3", { textContent: name })
    const about = element("p", { className: "mute", textContent: why, hidden: why === "" })
    const tools = element("div", { className: "tools" }, this.state, this.stop, this.button)
    const head = element("div", { className: "head" }, element("div", {}, title, about), tools)
    const code = element("pre", { className: "code", tabIndex: 0, role: "group" }, codeOf(run))
    code.setAttribute("aria-label", `The code of ${name}`)
    this.got.setAttribute("aria-label", `Result of ${name}`)
    this.card = element(
      "article",
      { className: "card" },
      head,
      element("div", { className: "panes" }, code, this.got),
    )
    this.button.addEventListener("click", () => this.start())
    this.stop.addEventListener("click", () => this.close())
    this.says("idle", "")
  }

  says(state, text) {
    this.card.dataset.state = state
    this.state.textContent = text
    const streams = state === "streaming"
    this.stop.hidden = !streams || !this.process
    this.button.disabled = state === "running" || streams
  }

  begin() {
    this.got.replaceChildren()
    this.got.hidden = false
    // What scrolls can be reached with the keyboard.
    this.got.tabIndex = 0
    this.got.setAttribute("role", "group")
    this.process = undefined
    this.began = performance.now()
    this.run += 1
    return this.run
  }

  took() {
    const ms = performance.now() - this.began
    return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
  }

  async start() {
    const run = this.begin()
    const current = (then) => (value) => run === this.run && then.call(this, value)
    const show = { output: current(this.output), error: current(this.failed), closed: current(this.closed) }
    this.says("running", "waiting")
    let answer
    try {
      answer = this.action.run(show)
    } catch (thrown) {
      this.ends("threw", `threw in ${this.took()}`, thrown)
      return
    }
    if (typeof answer?.then === "function") await this.settles(answer)
    else if (typeof answer?.close === "function") this.streams(answer)
    else if (this.action.run.length > 0) this.streams(undefined)
    else this.ends("returned", "returned", answer)
  }

  async settles(promise) {
    try {
      const value = await promise
      this.ends("resolved", `resolved in ${this.took()}`, value)
    } catch (error) {
      this.ends("rejected", `rejected in ${this.took()}`, error)
    }
  }

  streams(process) {
    // All of it may have come before the function returned.
    if (this.card.dataset.state !== "running") return
    this.process = process
    this.says("streaming", "running")
  }

  ends(state, text, value) {
    this.got.textContent = written(value)
    this.says(state, text)
  }

  output(data) {
    const [kind, text] = data.stderr === undefined ? ["out", data.stdout] : ["err", data.stderr]
    this.line(kind, written(text))
  }

  failed(error) {
    this.line("err", written(error))
    this.says("rejected", `onError after ${this.took()}`)
  }

  closed(code) {
    this.line("end", `onClose(${written(code)})`)
    this.says(code === 0 ? "resolved" : "rejected", `closed after ${this.took()}`)
  }

  line(kind, text) {
    const isAtEnd = this.got.scrollHeight - this.got.scrollTop - this.got.clientHeight < 8
    this.got.append(element("span", { className: kind, textContent: `${text}\n` }))
    if (this.got.childElementCount > KEPT) this.got.firstElementChild.remove()
    if (isAtEnd) this.got.scrollTop = this.got.scrollHeight
  }

  close() {
    const { process } = this
    this.process = undefined
    this.says("resolved", `close() after ${this.took()}`)
    this.button.focus()
    // On some desktops nothing is heard of it from now on.
    process?.close()
  }
}

function drawSection(section) {
  const actions = section.actions.map((action) => new Action(section, action))
  const heading = element("h2", { textContent: section.title, id: `${section.id}-title` })
  const at = element("code", { className: "at", textContent: section.at })
  const head = element("div", { className: "section-head" }, heading, at)
  if (section.together) {
    const unseen = element("span", { className: "unseen", textContent: ` of ${section.title}` })
    const all = element("button", { type: "button", className: "all" }, "Run all", unseen)
    all.addEventListener("click", () => {
      const idle = actions.filter(({ action, button }) => !action.endless && !button.disabled)
      for (const action of idle) void action.start()
    })
    head.append(all)
  }
  const about = element("p", { className: "mute", textContent: section.about })
  const drawn = element("section", { id: section.id }, head, about, ...actions.map(({ card }) => card))
  drawn.setAttribute("aria-labelledby", heading.id)
  const link = element("a", { href: `#${section.id}`, textContent: section.title })
  document.querySelector("#nav").append(link)
  document.querySelector("#main").append(drawn)
}

/** The link of the part that is looked at is marked. */
function followScrolling() {
  const seen = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const link = document.querySelector(`#nav a[href="#${target.id}"]`)
        if (isIntersecting) link?.setAttribute("aria-current", "true")
        else link?.removeAttribute("aria-current")
      }
    },
    { rootMargin: "-20% 0px -75% 0px" },
  )
  for (const section of document.querySelectorAll("section")) seen.observe(section)
}

function fact(name, value) {
  document.querySelector("#facts").append(element("div", {}, element("dt", { textContent: name }), value))
}

async function showBackend() {
  const value = element("dd", { id: "backend", textContent: "checking" })
  fact("service", value)
  try {
    await window.ddClient.extension.vm.service.get("/hello")
    value.textContent = "backend responds"
    value.dataset.state = "good"
  } catch (error) {
    value.textContent = "backend doesn't respond"
    value.title = written(error)
    value.dataset.state = "bad"
  }
}

for (const section of sections) drawSection(section)
followScrolling()
if (window.ddClient) {
  const { platform, arch } = window.ddClient.host
  fact("machine", element("dd", { textContent: `${platform} ${arch}` }))
  fact("image", element("dd", { textContent: window.ddClient.extension.image }))
  void showBackend()
} else {
  const text =
    "ddClient isn't available: open this page as an extension in a container desktop or in Porthole."
  document
    .querySelector("#main")
    .prepend(element("p", { className: "note", role: "alert", textContent: text }))
}
