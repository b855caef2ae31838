import { expect, test } from "vitest"
import type { TerminalPiece } from "../src/ipc/generated/TerminalPiece"
import { TerminalFeed, type Screen } from "../src/model/terminal/feed.svelte"
import { CommandForm } from "../src/model/composer/command.svelte"
import { tabsOf } from "../src/model/detail/tabs"
import { Output } from "../src/model/output/output.svelte"
import { pastedText } from "../src/model/terminal/paste"
import { choicesFor } from "../src/model/output/views"
import { intentInTerminal } from "../src/model/window/shortcuts"
import { FakeShell, settle, summary } from "./fake"

const row = summary(1, { http: false, terminal: true })
const piece = (from: number, text: string, ended = false): TerminalPiece => ({
  from,
  bytes: btoa(text),
  ended,
})

class Drawn implements Screen {
  text = ""
  restarts: number[] = []
  drawn: (() => void)[] = []
  slow = false

  draw(bytes: Uint8Array): Promise<void> {
    this.text += new TextDecoder().decode(bytes)
    return this.slow ? new Promise((drawn) => this.drawn.push(drawn)) : Promise.resolve()
  }

  restart(left: number): void {
    this.text = ""
    this.restarts.push(left)
  }
}

test("the next bytes are asked for when those before them are drawn, up to the end", async () => {
  const pieces = [piece(0, "ab"), piece(2, ""), piece(2, "cd"), piece(4, "", true)]
  const asked: number[] = []
  const shell = new FakeShell({
    terminal_read: async ({ from }) => {
      asked.push(from)
      return pieces.shift()!
    },
  })
  const screen = new Drawn()
  screen.slow = true
  const feed = new TerminalFeed(shell, 1, 0)
  void feed.follow(screen)
  await settle()
  expect([screen.text, asked]).toEqual(["ab", [0]])
  screen.drawn.shift()!()
  await settle()
  expect([screen.text, asked]).toEqual(["abcd", [0, 2, 2]])
  expect(feed.ended).toBe(false)
  screen.drawn.shift()!()
  await settle()
  expect(asked).toEqual([0, 2, 2, 4])
  expect(feed.ended).toBe(true)
})

test("what is far behind is left out, and the window says so", async () => {
  const pieces = [piece(0, "old"), piece(9_000_000, "new", true)]
  const shell = new FakeShell({ terminal_read: async () => pieces.shift()! })
  const screen = new Drawn()
  const feed = new TerminalFeed(shell, 1, 0)
  await feed.follow(screen)
  expect([screen.text, screen.restarts, feed.left]).toEqual(["new", [8_999_997], 9_000_000])
})

test("a hidden window asks for nothing, and a terminal that can't be read says why", async () => {
  let seen = () => {}
  const shell = new FakeShell({
    terminal_read: async () => {
      throw { code: "call_not_found", message: "gone" }
    },
  })
  const feed = new TerminalFeed(shell, 1, 0)
  const followed = feed.follow(new Drawn(), () => new Promise<void>((visible) => (seen = visible)))
  await settle()
  expect(shell.asked).toEqual([])
  seen()
  await followed
  expect(feed.trouble?.code).toBe("call_not_found")
})

test("what is typed is sent in order and together, and too much is refused", async () => {
  const sent: number[][] = []
  let taken: (() => void)[] = []
  const shell = new FakeShell({
    terminal_write: ({ bytes }) => {
      sent.push(bytes)
      return new Promise<void>((done) => taken.push(done))
    },
  })
  const feed = new TerminalFeed(shell, 1, 0)
  for (const text of ["a", "b", "c"]) feed.type(new TextEncoder().encode(text))
  await settle()
  expect(sent).toEqual([[97]])
  taken.shift()!()
  await settle()
  expect(sent).toEqual([[97], [98, 99]])
  feed.type(new Uint8Array(1024 * 1024))
  expect(feed.refused).toBe(1024 * 1024)
  feed.type(new Uint8Array(40_000))
  taken.shift()!()
  taken = []
  await settle()
  expect(sent.at(-1)!.length).toBe(16 * 1024)
})

test("what a program asked before this window looked isn't answered again", async () => {
  const pieces = [piece(0, "old question"), piece(12, "", true)]
  const shell = new FakeShell({
    terminal_read: async () => pieces.shift()!,
    terminal_write: async () => {},
  })
  const feed = new TerminalFeed(shell, 1, 12)
  const screen = new Drawn()
  screen.draw = async (bytes) => {
    screen.text += new TextDecoder().decode(bytes)
    feed.type(new Uint8Array([27]))
  }
  await feed.follow(screen)
  expect(screen.text).toBe("old question")
  expect(shell.asked.filter(({ name }) => name === "terminal_write")).toEqual([])
})

test("of several sizes the last one is sent", async () => {
  const sent: number[] = []
  const taken: (() => void)[] = []
  const shell = new FakeShell({
    terminal_resize: ({ size }) => {
      sent.push(size.columns)
      return new Promise<void>((done) => taken.push(done))
    },
  })
  const feed = new TerminalFeed(shell, 1, 0)
  for (const columns of [80, 81, 82, 83]) feed.resize({ columns, rows: 24 })
  await settle()
  taken.shift()!()
  await settle()
  taken.shift()!()
  await settle()
  expect(sent).toEqual([80, 83])
})

test("a terminal has its own views and tabs, and its bytes are one stream", () => {
  expect(choicesFor(row).map(({ value }) => value)).toEqual(["terminal", "stdout", "chunks", "hex"])
  expect(tabsOf(row).map(({ value }) => value)).toEqual(["output", "headers", "timing", "code"])
  const output = new Output(new FakeShell({ lines: async () => ({ from: 0, total: 0, lines: [] }) }))
  output.see(row)
  expect([output.drawn, output.shown, output.lines.look]).toEqual([true, "terminal", undefined])
  output.choose("hex")
  expect([output.drawn, output.shown, output.view]).toEqual([false, "hex", "hex"])
  output.see(summary(2, { http: false }))
  expect([output.drawn, output.shown]).toEqual([false, "both"])
})

test("a terminal opens with the surroundings of the command, or of none for another place", () => {
  const form = new CommandForm(new FakeShell({}))
  form.place = "container"
  form.program = "ls"
  form.cwd = "/data"
  form.user = "1000"
  form.stdin = "text"
  const there = form.terminal("container", "web")
  expect(there).toMatchObject({
    place: { kind: "container", name: "web" },
    program: "",
    args: [],
    cwd: "/data",
    user: "1000",
  })
  expect(there.stdin).toBeUndefined()
  expect(form.terminal("host", "web")).toEqual({
    place: { kind: "host" },
    program: "",
    args: [],
    env: [],
    envMode: "add",
  })
})

test("in a terminal Ctrl and Shift do what Ctrl does elsewhere, and all other keys are its own", () => {
  const pressed = (key: string, held: string, code?: string) =>
    intentInTerminal({
      key,
      ctrlKey: held.includes("c"),
      shiftKey: held.includes("s"),
      altKey: held.includes("a"),
      metaKey: false,
      ...(code === undefined ? {} : { code }),
    })
  for (const [key, held] of [
    ["k", "c"],
    ["F1", ""],
    ["Escape", ""],
    ["F5", "s"],
    ["1", "a"],
    ["?", "s"],
    ["F6", "s"],
  ] as const) {
    expect(pressed(key, held)).toBeUndefined()
  }
  expect(pressed("K", "cs")).toBe("palette")
  expect(pressed("F6", "cs")).toBe("next-pane")
  expect(pressed("!", "cs", "Digit1")).toBe("composer-1")
  expect(pressed("P", "cs")).toBe("present")
  expect(pressed("C", "cs")).toBeUndefined()
  expect(pressed("V", "cs")).toBeUndefined()
})

test("a pasted text has no control characters but line ends and tabs, so none of it ends the paste", () => {
  expect(pastedText("one\r\n\ttwo\nthree\rfour")).toBe("one\r\n\ttwo\nthree\rfour")
  expect(pastedText("a\u001b[201~\rrm -rf x\u0003\u007f\u009b201~")).toBe("a␛[201~\rrm -rf x␃␡�201~")
  expect(pastedText("häfen ⚓ \u202e")).toBe("häfen ⚓ \u202e")
})
