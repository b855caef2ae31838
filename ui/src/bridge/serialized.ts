/** A value as the console draws it: a tree that ends somewhere, whatever the code made. */
export type SerializedValue =
  | { kind: "text"; text: string; cut: number }
  | { kind: "plain"; text: string; of: "number" | "bigint" | "boolean" | "undefined" | "null" | "symbol" }
  | { kind: "function"; name: string }
  | {
      kind: "error"
      name: string
      message: string
      stack: string
      fields: readonly [string, SerializedValue][]
    }
  /** `name` is the class; `more` is how many entries are not here. */
  | { kind: "object"; name: string; fields: readonly [string, SerializedValue][]; more: number }
  | { kind: "list"; name: string; length: number; items: readonly SerializedValue[]; more: number }
  /** Not looked into: too deep, or seen above. */
  | { kind: "ellipsis"; text: string }
