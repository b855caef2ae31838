import type { Porthole } from "../porthole.svelte"
import { nameOf, RUNTIMES } from "../target/runtimes"
import { THEMES } from "../settings/themes"
import { timeOfDay } from "../text/numbers"
import { visibleText } from "../text/visible"
import { verbOf } from "../composer/verb"
import { SPEEDS } from "../session/speeds"
import type { Entry } from "./palette.svelte"
import { keyOf, titleOf } from "./recent"
import { SHORTCUTS, type Intent } from "./shortcuts"

/** This many calls are searched, the newest ones. */
const MOST_CALLS = 5000
/** They mean nothing before the palette has closed, or are the palette. */
const NOT_LISTED: readonly Intent[] = ["undo", "palette", "leave", "next-pane", "composer-1", "detail-1"]

/** Everything that the palette finds, by group. */
export function entriesOf(porthole: Porthole, perform: (intent: Intent) => void): Entry[] {
  return [
    ...saved(porthole),
    ...routes(porthole),
    ...calls(porthole),
    ...actions(porthole, perform),
    ...runtimes(porthole),
    ...targets(porthole),
  ]
}

function saved(porthole: Porthole): Entry[] {
  return [...porthole.settings.saved, ...porthole.examples].map((one, at) => ({
    id: `saved-${at}`,
    group: "Saved",
    text: one.name,
    verb: verbOf(one.composed),
    choose: () => porthole.load(one),
  }))
}

function routes({ side: { routes } }: Porthole): Entry[] {
  const all = routes.document?.groups.flatMap((group) => group.routes) ?? []
  return all.map((route) => ({
    id: `route-${route.number}`,
    group: "Routes",
    text: route.path,
    verb: route.method,
    choose: () => void routes.take(route),
  }))
}

function calls(porthole: Porthole): Entry[] {
  return porthole.timeline.rows
    .slice(-MOST_CALLS)
    .toReversed()
    .map((row) => ({
      id: `call-${row.id}`,
      group: "Calls",
      text: row.text,
      verb: row.label === "container" ? "vm" : row.label,
      outcome: row.outcome,
      aside: timeOfDay(row.beganMs),
      choose: () => porthole.show(row.id),
    }))
}

type Action = (id: string, text: string, choose: () => void) => Entry

function ofSessions(porthole: Porthole, action: Action): Entry[] {
  const { sessions, selection, timeline } = porthole
  return [
    action("open-session", "Open session…", () => void sessions.choose()),
    ...(timeline.rows.length === 0
      ? []
      : [action("export", "Export calls…", () => porthole.export(selection.ids.size > 1))]),
    ...(sessions.mock === undefined
      ? []
      : [
          action("stop-mock", "Stop the mock", () => void sessions.stopMock()),
          ...SPEEDS.map(({ value, short }) =>
            action(`mock-speed-${value}`, `Mock: ${short}`, () => void sessions.setSpeed(Number(value))),
          ),
        ]),
    ...openSessions(porthole).flatMap(({ number, name }) => {
      const shown = visibleText(name, "kept")
      return [
        action(`replay-session-${number}`, `Replay ${shown}…`, () => porthole.comparisons.replay(number)),
        ...(sessions.mock?.session === number
          ? []
          : [action(`serve-mock-${number}`, `Serve ${shown} as mock`, () => void sessions.serve(number))]),
        action(`close-session-${number}`, `Close ${shown}`, () => void sessions.close(number)),
      ]
    }),
  ]
}

function actions(porthole: Porthole, perform: (intent: Intent) => void): Entry[] {
  const { timeline, target, demoExtension } = porthole
  const action: Action = (id, text, choose) => ({ id, group: "Actions", text, choose })
  return [
    action("compose-request", "Compose a request", () => perform("composer-1")),
    action("terminal-host", "Open a terminal on the host", () => porthole.openTerminal("host")),
    ...(target.current.container === undefined
      ? []
      : [
          action("terminal-container", `Open a terminal in ${target.current.container}`, () =>
            porthole.openTerminal("container"),
          ),
        ]),
    action("compose-command", "Compose a command", () => perform("composer-2")),
    action("compose-console", "Write code in the console", () => perform("composer-3")),
    action("open-extension", "Open an extension…", () => perform("composer-4")),
    ...(demoExtension === undefined
      ? []
      : [
          action("open-demo-extension", "Open the demo extension", () =>
            porthole.openExtension({ kind: "folder", path: demoExtension }, undefined),
          ),
        ]),
    ...(target.current.endpoint === target.demo
      ? []
      : [action("use-demo", "Use the demo backend", () => void porthole.useDemo())]),
    ...(timeline.rows.length === 0
      ? []
      : [action("clear", "Clear the timeline", () => void timeline.clear())]),
    action("environments", "Edit environments", () => (porthole.overlay = "environments")),
    ...porthole.side.environments.all.map(({ name }) =>
      action(`environment-${name}`, `Use the environment ${name}`, () =>
        porthole.side.environments.use(name),
      ),
    ),
    porthole.tapping.running === undefined
      ? action("tap", "Record what the desktop sends…", () => porthole.tapping.ask())
      : action("tap-stop", "Stop recording what the desktop sends", () => void porthole.tapping.end()),
    ...ofSessions(porthole, action),
    action("welcome", "Show the welcome screen", () => porthole.goHome()),
    ...SHORTCUTS.flatMap(({ intent, does }) =>
      does === undefined || NOT_LISTED.includes(intent)
        ? []
        : [{ ...action(`do-${intent}`, does, () => perform(intent)), intent }],
    ),
    ...THEMES.map(({ value, text }) =>
      action(`theme-${value}`, `Theme: ${text}`, () => porthole.settings.setTheme(value)),
    ),
    ...(porthole.logFile === undefined
      ? []
      : [action("open-log", "Open Porthole's log", () => void porthole.openLog())]),
    action("about", "About Porthole", () => (porthole.overlay = "about")),
  ]
}

/** Those with calls in the timeline. */
function openSessions({ timeline, sessions }: Porthole) {
  const present = new Set(timeline.rows.map(({ session }) => session))
  return sessions.all.filter(({ number }) => present.has(number))
}

function runtimes(porthole: Porthole): Entry[] {
  return RUNTIMES.map(({ value }) => ({
    id: `runtime-${value}`,
    group: "Runtimes",
    text: `Receive as ${nameOf(value)}`,
    choose: () => porthole.setRuntime(value),
  }))
}

function targets(porthole: Porthole): Entry[] {
  return porthole.settings.recent.map(({ opened }) => ({
    id: `target-${keyOf(opened)}`,
    group: "Targets",
    text: titleOf(opened),
    choose: () => void porthole.reopen(opened),
  }))
}
