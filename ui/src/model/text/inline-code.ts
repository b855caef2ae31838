/** A text without the backticks around its code, for where there is no markup: a tooltip, a status. */
export const withoutBackticks = (text: string): string => text.replaceAll("`", "")
