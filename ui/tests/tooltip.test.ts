import { ESLint } from "eslint"
import { expect, test } from "vitest"
import { placeOf, tooltipText } from "../src/components/tooltip"

const WINDOW = { width: 640, height: 480 }
const place = (left: number, top: number, width: number, height: number, size = { width: 200, height: 40 }) =>
  placeOf({ left, top, width, height }, size, WINDOW)

test("a tooltip is below the middle of its element", () => {
  expect(place(300, 100, 40, 20)).toEqual({ left: 220, top: 125 })
})

test("a tooltip of a long element begins where the element does", () => {
  expect(place(30, 100, 500, 20)).toEqual({ left: 30, top: 125 })
})

test("a tooltip stays within the window at each edge", () => {
  expect(place(0, 10, 20, 20)).toEqual({ left: 8, top: 35 })
  expect(place(620, 10, 20, 20)).toEqual({ left: 432, top: 35 })
  expect(place(300, 450, 40, 20), "above").toEqual({ left: 220, top: 405 })
  expect(place(300, 0, 40, 480), "neither above nor below").toEqual({ left: 220, top: 432 })
  expect(place(-300, 100, 1_000, 20), "scrolled away").toEqual({ left: 8, top: 125 })
  expect(place(0, 0, 20, 20, { width: 900, height: 900 }), "larger than the window").toEqual({
    left: 8,
    top: 8,
  })
})

test("a tooltip is bounded, and not cut in a surrogate pair", () => {
  expect(tooltipText("  a word \n")).toBe("a word")
  expect(tooltipText("\n")).toBe("")
  const long = tooltipText(`${"x".repeat(999)}${"😀".repeat(100_000)}`)
  expect(long).toBe(`${"x".repeat(999)}…`)
  expect(tooltipText("x\n".repeat(100_000))).toBe(`${"x\n".repeat(15)}x…`)
})

// ESLint reads the whole configuration first.
test("elements with a title instead of a tooltip are an error of the linter", async () => {
  const eslint = new ESLint()
  const findings = async (markup: string) => {
    const [result] = await eslint.lintText(markup, { filePath: "src/components/Probe.svelte" })
    return result?.messages.filter(({ ruleId }) => ruleId === "no-restricted-syntax").length
  }
  const script =
    '<script lang="ts">\n  import { Popover } from "bits-ui"\n  let { title } = $props()\n</script>\n'
  for (const markup of [
    '<b title="a">b</b>',
    "<b title={title}>b</b>",
    "<b {title}>b</b>",
    "<Popover.Trigger {title} />",
  ])
    expect(await findings(script + markup), markup).toBe(1)
  for (const markup of ['<iframe title="a"></iframe>', '<b data-tooltip="a">b</b>', "<Block {title} />"])
    expect(await findings(script + markup), markup).toBe(0)
}, 120_000)
