/**
 * The themes that Docker Desktop puts into an extension's page: `@docker/docker-mui-theme` 0.0.13 reads
 * `window.__ddMuiV5Themes` and `window.__ddMuiV6Themes`, and has nothing to fall back on. The colors are those that
 * version 0.0.11 of the package still carries. Docker Desktop's own values aren't published: the rest is made to look
 * like it.
 */

/** Options for MUI's `createTheme`. Porthole has no use for MUI itself, nor for its types. */
export type ThemeOptions = Record<string, unknown>

export interface Themes {
  light: ThemeOptions
  dark: ThemeOptions
}

/** The names of the globals. Other runtimes have neither of them. */
export const THEME_GLOBALS = ["__ddMuiV5Themes", "__ddMuiV6Themes"] as const

type Shade = 100 | 200 | 300 | 400 | 500 | 600 | 700 | 800
type Hue = Record<Shade, string>
type Hues = Record<"amber" | "blue" | "green" | "grey" | "red" | "violet", Hue>

/** Shades from 100 to 800. */
const hue = (...colors: string[]): Hue =>
  Object.fromEntries(colors.map((color, at) => [(at + 1) * 100, `#${color}`])) as Hue

/** What differs between light and dark. */
interface Tones {
  mode: "light" | "dark"
  hues: Hues
  text: string
  background: string
  /** Of the page, and of what lies on it. */
  ground: string
  secondaryText: string
  hover: string
  /** Black or white: everything that is see-through is made of it. */
  ink: string
  card: string
  cardLine: string
  cardShadow: string
  menu: string
  menuText: string
  line: string
  fieldLine: string
  disabledField: string
  filled: string
  filledHover: string
  tooltip: string
  row: string
}

const LIGHT: Tones = {
  mode: "light",
  hues: {
    amber: hue("FFF6E2", "FCE1A9", "FBB552", "DD7805", "B85504", "AA4409", "893607", "421A02"),
    blue: hue("E8F4FD", "C0E0FA", "8BC7F5", "1C90ED", "116ED0", "0055BD", "1144A6", "00084D"),
    green: hue("F3FAF9", "C6EAE1", "88D5C0", "3BA08D", "2E7F74", "1E6C5F", "185A51", "0C2C28"),
    grey: hue("EAEAED", "E1E2E6", "C4C8D1", "8993A5", "677285", "505968", "393F49", "17191E"),
    red: hue("FEEFEF", "F6CFD0", "EEA3A5", "E25D68", "D52536", "B72132", "8B1924", "350A10"),
    violet: hue("F7ECFF", "E9D4FF", "C9A6FF", "9860FF", "7D2EFF", "6D00EB", "5700BB", "220041"),
  },
  text: "#27343B",
  background: "#F9F9FA",
  ground: "#F4F4F6",
  secondaryText: "#505968",
  hover: "rgba(137, 147, 165, 0.4)",
  ink: "15, 22, 30",
  card: "#FFFFFF",
  cardLine: "#EAEAED",
  cardShadow: "rgba(0, 0, 0, 0.1)",
  menu: "#FAFAFB",
  menuText: "#0F161E",
  line: "#C4C8D1",
  fieldLine: "rgba(0, 0, 0, 0.23)",
  disabledField: "#EFEFEF",
  filled: "#ECECEC",
  filledHover: "#E4E4E4",
  tooltip: "#2F3B43",
  row: "#FAFAFB",
}

const DARK: Tones = {
  mode: "dark",
  hues: {
    amber: hue("672805", "7B3606", "944307", "AF560A", "CD6A0A", "ED8D25", "F6A650", "F8B974"),
    blue: hue("0B1B46", "06326D", "084391", "1557B8", "116ED0", "3391EE", "55A4F1", "7CB9F4"),
    green: hue("0D342E", "11423B", "145348", "1A655A", "228375", "2AA391", "3CC1AD", "7ACCC3"),
    grey: hue("141B1F", "27343E", "364754", "465C6E", "7794AB", "94ABBC", "ADBECB", "C4D0DA"),
    red: hue("58111B", "741624", "951C2F", "BC233C", "C32438", "DD4659", "E36676", "EA8E9A"),
    violet: hue("341458", "491D7B", "5F25A0", "8032D6", "8A53EC", "A371FC", "B38BFC", "C5A6FD"),
  },
  text: "#FFFFFF",
  background: "#1C262D",
  ground: "#202C33",
  secondaryText: "#94ABBC",
  hover: "rgba(70, 92, 110, 0.4)",
  ink: "255, 255, 255",
  card: "#27343E",
  cardLine: "#465C6E",
  cardShadow: "rgba(0, 0, 0, 0.4)",
  menu: "#303E46",
  menuText: "#FFFFFF",
  line: "#7794AB",
  fieldLine: "#555D61",
  disabledField: "#2C373E",
  filled: "rgba(255, 255, 255, 0.09)",
  filledHover: "rgba(255, 255, 255, 0.13)",
  tooltip: "#5C6972",
  row: "#303E46",
}

const PRIMARY = { light: "#6BC3F3", main: "#007BFF", dark: "#096BD4", contrastText: "#FFFFFF" }
const SECONDARY = { light: "#E25D68", main: "#E12B0C", dark: "#871907", contrastText: "#FFFFFF" }

/** Options for both themes. Each call makes new ones: a page may change what it was given. */
export function themes(): Themes {
  return { light: theme(LIGHT), dark: theme(DARK) }
}

function theme(tones: Tones): ThemeOptions {
  return {
    palette: palette(tones),
    typography: typography(tones),
    // All of MUI's own: a part of them would be taken for the whole list.
    breakpoints: { values: { xs: 0, sm: 640, md: 1024, lg: 1280, xl: 1536 } },
    shape: { borderRadius: 4 },
    spacing: 8,
    components: { ...surfaces(tones), ...controls(tones), ...fields(tones) },
  }
}

function palette({ mode, hues, text, background, ground, secondaryText, hover, ink }: Tones): ThemeOptions {
  // The shades of the dark theme go from dark to light.
  const [lighter, middle, darker] = mode === "dark" ? ([700, 600, 500] as const) : ([400, 500, 600] as const)
  const status = (hue: Hue) => ({ light: hue[lighter], main: hue[middle], dark: hue[darker] })
  return {
    mode,
    text: { primary: text, secondary: secondaryText, disabled: hues.grey[500] },
    primary: PRIMARY,
    secondary: SECONDARY,
    error: status(hues.red),
    warning: status(hues.amber),
    info: status(hues.blue),
    success: status(hues.green),
    action: {
      active: secondaryText,
      hover,
      hoverOpacity: 0.4,
      selected: hover,
      selectedOpacity: 0.3,
      disabled: hues.grey[500],
    },
    background: { default: ground, paper: ground },
    divider: `rgba(${ink}, 0.1)`,
    docker: { ...hues, text, background },
  }
}

function typography({ hues, mode }: Tones): ThemeOptions {
  return {
    fontFamily: '"Open SansVariable", "Open Sans", "Helvetica Neue", Arial, sans-serif',
    fontSize: 12,
    fontWeightRegular: 400,
    fontWeightMedium: 500,
    fontWeightBold: 600,
    h1: { fontSize: "36px", fontWeight: 600, lineHeight: "40px" },
    h2: { fontSize: "24px", fontWeight: 400, lineHeight: "32px" },
    h3: { fontSize: "18px", fontWeight: 600, lineHeight: "24px" },
    h4: { fontSize: "16px", fontWeight: 600, lineHeight: "24px" },
    h5: { fontSize: "14px", fontWeight: 600, lineHeight: "20px" },
    h6: { fontSize: "12px", fontWeight: 600, lineHeight: "16px" },
    subtitle1: { fontSize: 16 },
    subtitle2: { fontSize: 22, fontWeight: 600 },
    body1: { fontSize: 14 },
    body2: { fontSize: 12 },
    caption: { fontSize: 12 },
    button: { fontSize: 14, fontWeight: 600, textTransform: "none" },
    "inline-code": {
      fontFamily: "ui-monospace, Courier, monospace",
      fontSize: "85%",
      padding: ".2em .4em",
      borderRadius: "4px",
      backgroundColor: mode === "dark" ? hues.grey[300] : hues.grey[200],
    },
  }
}

/** The styles of one slot of a component, or of several. */
const styled = (slots: Record<string, object>, defaultProps?: object): object => ({
  ...(defaultProps && { defaultProps }),
  styleOverrides: slots,
})

function surfaces(tones: Tones): ThemeOptions {
  const { ground, ink, card, cardLine, cardShadow, menu, menuText, line, row, hues } = tones
  return {
    MuiCssBaseline: {
      styleOverrides: {
        body: { padding: "16px 32px", backgroundColor: ground },
        "::-webkit-scrollbar": { width: "8px", height: "8px" },
        "::-webkit-scrollbar-thumb": { borderRadius: "4px", backgroundColor: hues.grey[400] },
      },
    },
    MuiPaper: styled({ root: { borderRadius: 0, backgroundImage: "none" } }),
    MuiCard: styled({
      root: {
        borderRadius: "4px",
        borderColor: cardLine,
        backgroundColor: card,
        "&:hover": { boxShadow: `0px 2px 8px 4px ${cardShadow}` },
      },
    }),
    MuiCardActions: styled({ root: { padding: "16px" } }),
    MuiDialog: styled({ paperScrollPaper: { backgroundColor: tones.mode === "dark" ? ground : card } }),
    MuiDialogActions: styled({ root: { padding: "16px" } }),
    MuiDivider: styled({ root: { borderColor: `rgba(${ink}, 0.1)` } }),
    MuiList: styled({ root: { paddingTop: 0, paddingBottom: 0 } }),
    MuiListItem: styled({ root: { paddingTop: 6, paddingBottom: 6 } }),
    MuiListItemButton: styled({
      root: {
        "&:hover": { backgroundColor: "rgba(107, 195, 243, 0.1)" },
        "&.Mui-selected": { backgroundColor: "rgba(107, 195, 243, 0.2)" },
      },
    }),
    MuiListItemIcon: styled({ root: { minWidth: 36 } }),
    MuiMenu: styled({ paper: { background: menu, boxShadow: "none", border: `1px solid ${cardLine}` } }),
    MuiMenuItem: styled({
      root: {
        minHeight: "auto",
        "&:focus": { "& .MuiListItemIcon-root, & .MuiListItemText-primary": { color: menuText } },
      },
      gutters: { fontSize: 14 },
    }),
    MuiTableRow: styled({ hover: { "&:hover": { backgroundColor: row } } }),
    MuiDataGrid: styled({
      root: { border: "none" },
      row: { cursor: "pointer", fontSize: 14, "&:hover": { backgroundColor: row } },
      cell: { borderColor: line },
      columnHeaders: { textTransform: "uppercase", borderColor: line },
      columnSeparator: { color: line },
    }),
    MuiTooltip: styled({
      tooltip: { fontSize: "12px", lineHeight: "16px", color: "#FFFFFF", backgroundColor: tones.tooltip },
    }),
  }
}

function controls({ ink, mode }: Tones): ThemeOptions {
  const disabled = { color: `rgba(${ink}, 0.3)` }
  const quiet = { "&:hover": { backgroundColor: "transparent" } }
  const low = { paddingTop: 4, paddingBottom: 4 }
  return {
    MuiButtonBase: { defaultProps: { disableRipple: true } },
    MuiButton: styled(
      {
        root: { textTransform: "none", fontWeight: 600 },
        contained: {
          boxShadow: "none",
          "&:hover, &:focus": { boxShadow: "none" },
          "&.Mui-disabled": { ...disabled, backgroundColor: `rgba(${ink}, 0.1)` },
        },
        outlined: mode === "dark" ? { color: "#FFFFFF" } : {},
        outlinedPrimary: { border: `1px solid ${PRIMARY.main}` },
        outlinedSecondary: {
          border: `1px solid ${SECONDARY.main}`,
          "&.Mui-disabled": { ...disabled, borderColor: `rgba(${ink}, 0.1)` },
        },
      },
      { disableElevation: true },
    ),
    MuiIconButton: styled({ root: { transition: "color 0.3s ease-out", ...quiet } }),
    MuiCheckbox: styled({ root: low, colorPrimary: quiet }, { disableRipple: true }),
    MuiRadio: styled({ root: low }),
    MuiSwitch: styled({ colorPrimary: quiet }),
    MuiTab: styled({ root: { textTransform: "none", fontSize: 14 } }),
  }
}

function fields({ fieldLine, disabledField, filled, filledHover }: Tones): ThemeOptions {
  return {
    MuiTextField: { defaultProps: { size: "small" } },
    MuiOutlinedInput: styled({
      root: { "&.Mui-disabled": { backgroundColor: disabledField, borderRadius: "4px" } },
      notchedOutline: { borderColor: fieldLine, borderWidth: "1px" },
    }),
    MuiFilledInput: styled({
      root: {
        borderRadius: 0,
        backgroundColor: filled,
        "&:focus, &:hover": { backgroundColor: filledHover },
      },
      underline: { "&:after": { borderBottomColor: PRIMARY.main } },
    }),
  }
}
