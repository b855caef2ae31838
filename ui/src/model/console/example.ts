export type Group = "Service" | "Container" | "Host" | "Docker" | "Desktop" | "Deprecated"

export interface Example {
  group: Group
  name: string
  code: string
}

export const GROUPS: readonly Group[] = ["Service", "Container", "Host", "Docker", "Desktop", "Deprecated"]
