/** The matrix of roles and permissions as it is being edited, apart from how it is drawn. */
import type { Permission } from '@/lib/api/session'
import type { Role, RoleRow } from './organisation-queries'

export interface Noun {
  noun: string
  permissions: Permission[]
}

/** Permissions by what they are about, in the order of the API. */
export function byNoun(permissions: readonly Permission[]): Noun[] {
  const found = new Map<string, Permission[]>()
  for (const one of permissions) {
    const noun = one.split(':')[0]!
    found.set(noun, [...(found.get(noun) ?? []), one])
  }
  return [...found].map(([noun, some]) => ({ noun, permissions: some }))
}

/** What is flipped against what is stored: `role permission`. */
export type Flips = ReadonlySet<string>
const cell = (role: Role, permission: Permission) => `${role} ${permission}`

export const flip = (flips: Flips, role: Role, permission: Permission): Flips => {
  const next = new Set(flips)
  const at = cell(role, permission)
  if (!next.delete(at)) next.add(at)
  return next
}

export const isFlipped = (flips: Flips, role: Role, permission: Permission) => flips.has(cell(role, permission))

export const may = (row: RoleRow, flips: Flips, permission: Permission): boolean =>
  row.permissions.includes(permission) !== isFlipped(flips, row.role, permission)

/** The whole of what each changed role may from now on, in the order of the rows. */
export function changesOf(rows: readonly RoleRow[], flips: Flips, all: readonly Permission[]): [Role, Permission[]][] {
  return rows
    .filter((row) => all.some((one) => isFlipped(flips, row.role, one)))
    .map((row) => [row.role, all.filter((one) => may(row, flips, one))])
}
