/**
 * A text as it is pasted into a terminal. A program that asked for it gets the text between `ESC [ 200 ~` and `ESC [ 201 ~`,
 * and runs nothing of it. A text from elsewhere may hold that end itself, or keys such as Ctrl-C: control characters
 * are typed as signs for them, as other terminals do. Line ends and tabs stay.
 */
export function pastedText(text: string): string {
  return text.replace(/(?![\t\n\r])\p{Cc}/gu, (character) => signOf(character.charCodeAt(0)))
}

/** Unicode has signs for the controls of ASCII only. */
function signOf(code: number): string {
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return code === 0x7f ? "␡" : "�"
}
