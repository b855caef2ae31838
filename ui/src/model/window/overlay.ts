/** What can lie over the window and is not a question. */
export type Overlay =
  "palette" | "shortcuts" | "settings" | "about" | "environments" | "export" | "compare" | "replay" | "tap"
