import type { Charset } from "../../ipc/generated/Charset"
import type { View } from "../../ipc/generated/View"
import { isHex } from "./views"

/** represents the charset that Porthole finds. */
export const AUTOMATIC = "automatic"

/** What can be chosen: the charsets that backends and programs still write, by their names in the Encoding Standard. */
export const CHARSETS: readonly { value: string; text: string }[] = [
  { value: AUTOMATIC, text: "Automatic" },
  { value: "UTF-8", text: "UTF-8" },
  { value: "UTF-16LE", text: "UTF-16LE (Windows)" },
  { value: "UTF-16BE", text: "UTF-16BE" },
  { value: "windows-1252", text: "windows-1252 (Latin-1)" },
  { value: "ISO-8859-2", text: "ISO-8859-2 (Central European)" },
  { value: "windows-1251", text: "windows-1251 (Cyrillic)" },
  { value: "KOI8-R", text: "KOI8-R (Cyrillic)" },
  { value: "IBM866", text: "IBM866 (Cyrillic)" },
  { value: "GBK", text: "GBK (Chinese, simplified)" },
  { value: "Big5", text: "Big5 (Chinese, traditional)" },
  { value: "Shift_JIS", text: "Shift_JIS (Japanese)" },
  { value: "EUC-JP", text: "EUC-JP (Japanese)" },
  { value: "EUC-KR", text: "EUC-KR (Korean)" },
]

const HOW: Record<Charset["by"], string> = {
  header: "Content-Type",
  bom: "byte order mark",
  document: "the document",
  looks: "detected",
  chosen: "chosen",
}

/** The charset that a text is shown in, and how it is known. */
export function charsetText(charset: Charset | undefined): string {
  return charset === undefined ? "UTF-8" : `${charset.name} (${HOW[charset.by]})`
}

/** What the menu marks. */
export function charsetValue(charset: Charset | undefined): string {
  return charset?.by === "chosen" ? charset.name : AUTOMATIC
}

/** Whether a text is decoded before it is shown. */
export function isDecoded(charset: Charset | undefined): boolean {
  return charset !== undefined && charset.name !== "UTF-8"
}

/** Whether a view shows text; bytes and pieces are shown as they came. */
export function hasCharset(view: View): boolean {
  return !isHex(view) && view !== "chunks"
}
