// Made from the core's list of commands by `make types`. Do not edit.
import type { Call } from "./Call";
import type { Changes } from "./Changes";
import type { Command } from "./Command";
import type { Container } from "./Container";
import type { Endpoint } from "./Endpoint";
import type { Opening } from "./Opening";
import type { Request } from "./Request";
import type { Settings } from "./Settings";
import type { Signal } from "./Signal";
import type { Target } from "./Target";
import type { View } from "./View";
import type { Window } from "./Window";

export interface Commands {
  /** What the page needs before it draws anything. */
  opening: { args: {  }; answer: Opening };
  /** Waits until something changed after `since`, at most half a minute and not more
   * often than thirty times a second, and tells what. */
  changes: { args: { since: number }; answer: Changes };
  /** All facts of a Call. */
  call: { args: { id: number }; answer: Call };
  /** Lines of a Call's output or body. */
  lines: { args: { id: number; view: View; from: number; count: number }; answer: Window };
  /** Sends a request to the target's endpoint; answers at once with the Call's number. */
  send: { args: { request: Request }; answer: number };
  /** Runs a command in its place; answers at once with the Call's number. */
  run: { args: { command: Command }; answer: number };
  /** Cancels a request, or kills a run. */
  cancel: { args: { id: number }; answer: void };
  /** Sends a signal to a run's process group. */
  stop: { args: { id: number; signal: Signal }; answer: void };
  /** Removes ended Calls and their files. */
  clear: { args: {  }; answer: void };
  /** Makes this the target. */
  set_target: { args: { target: Target }; answer: Target };
  /** Reads an endpoint in any form that people paste, and says what is wrong with it. */
  read_endpoint: { args: { text: string }; answer: Endpoint };
  /** The containers of the engine, running ones first. */
  containers: { args: {  }; answer: Array<Container> };
  /** Splits a pasted command line into arguments, as a POSIX shell would, running none. */
  split_words: { args: { text: string }; answer: Array<string> };
  /** Remembers these settings. */
  save_settings: { args: { settings: Settings }; answer: void };
}
