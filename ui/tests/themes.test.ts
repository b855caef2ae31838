import { expect, test } from "vitest"
import { themes } from "../src/page/themes"

type Tree = { [key: string]: Tree | string | number }

/** Paths of all leaves, with their values. */
function leaves(tree: unknown, path = ""): [string, string | number][] {
  if (typeof tree !== "object" || tree === null) return [[path, tree as string]]
  return Object.entries(tree).flatMap(([key, value]) => leaves(value, `${path}.${key}`))
}

test("both themes are complete, and differ in their colors and in nothing else that a page could miss", () => {
  const { light, dark } = themes() as unknown as { light: Tree; dark: Tree }
  for (const [theme, mode] of [
    [light, "light"],
    [dark, "dark"],
  ] as const) {
    expect(Object.keys(theme)).toEqual([
      "palette",
      "typography",
      "breakpoints",
      "shape",
      "spacing",
      "components",
    ])
    const palette = theme.palette as Tree
    expect(palette.mode).toBe(mode)
    const { text, background, ...hues } = palette.docker as Tree
    expect([text, background].every((color) => /^#[0-9A-F]{6}$/.test(String(color)))).toBe(true)
    expect(Object.keys(hues)).toEqual(["amber", "blue", "green", "grey", "red", "violet"])
    for (const hue of Object.values(hues)) {
      expect(Object.keys(hue)).toEqual(["100", "200", "300", "400", "500", "600", "700", "800"])
      for (const color of Object.values(hue)) expect(color).toMatch(/^#[0-9A-F]{6}$/)
    }
    // MUI makes text and lighter shades of these by itself: they must be colors that it can read.
    for (const name of ["primary", "secondary", "error", "warning", "info", "success"])
      for (const color of Object.values(palette[name] as Tree)) expect(color).toMatch(/^#[0-9A-F]{6}$/)
    for (const [path, value] of leaves(theme)) expect(value, path).toSatisfy((leaf) => leaf !== undefined)
  }
  const paths = (theme: Tree) => leaves(theme.palette).map(([path]) => path)
  expect(paths(light)).toEqual(paths(dark))
  expect(Object.keys(light.components as Tree)).toEqual(Object.keys(dark.components as Tree))
})

test("a page that changes what it was given changes nothing of the next one", () => {
  const first = themes() as unknown as { light: { palette: { mode: string } } }
  first.light.palette.mode = "changed"
  expect((themes() as unknown as typeof first).light.palette.mode).toBe("light")
})

test("the text of each theme can be read on its ground", () => {
  const luminance = (color: string): number => {
    const [red, green, blue] = [1, 3, 5].map((at) => {
      const part = parseInt(color.slice(at, at + 2), 16) / 255
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
  }
  for (const theme of Object.values(themes())) {
    const { text, background } = theme.palette as {
      text: Record<string, string>
      background: { default: string }
    }
    const lights = [luminance(text.primary!), luminance(background.default)]
    expect((Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05)).toBeGreaterThan(7)
  }
})
