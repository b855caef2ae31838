/** How fast a mock may be, as the window offers it: how many times as fast as recorded, and its words. */
export const SPEEDS = [
  { value: "1", text: "As fast as recorded", short: "recorded speed" },
  { value: "2", text: "2 times as fast", short: "2 times as fast" },
  { value: "10", text: "10 times as fast", short: "10 times as fast" },
  { value: "0", text: "At once", short: "at once" },
] as const

export type SpeedValue = (typeof SPEEDS)[number]["value"]

/** What a speed is called. */
export const speedWords = (speed: number): string =>
  SPEEDS.find(({ value }) => Number(value) === speed)?.short ?? `${speed} times as fast`
