/** Which role stands above which: what is not one's to give is not offered. The gateway decides (`access/ranks.py`). */
import type { PersonRole, Role } from './organisation-queries'

const RANK: Record<Role, number> = { viewer: 1, service: 2, analyst: 2, lead: 3, auditor: 4, admin: 4, owner: 5 }
export const PERSON_ROLES: readonly PersonRole[] = ['owner', 'admin', 'lead', 'analyst', 'viewer', 'auditor']

/** Roles that somebody of that role may give. */
export const rolesToGive = (mine: Role): PersonRole[] =>
  PERSON_ROLES.filter((one) => RANK[one] <= RANK[mine] && (mine !== 'auditor' || one === 'viewer'))

/** Whether somebody of `mine` may change a member of `theirs`. */
export const mayChange = (mine: Role, theirs: Role): boolean => RANK[theirs] <= RANK[mine]
