import { expect, it } from 'vitest'
import type { Permission } from '@/lib/api/session'
import { byNoun, changesOf, flip, may } from './matrix'
import type { RoleRow } from './organisation-queries'
import { standingOf, type Factor } from './queries'
import { mayChange, rolesToGive } from './ranks'

const ALL: Permission[] = ['incident:read', 'incident:write', 'report:read']
const row = (role: RoleRow['role'], permissions: Permission[]): RoleRow =>
  ({ role, permissions, changed: false, fixed: false }) as unknown as RoleRow

it('changes of the matrix are told as the whole of what a role may, and flipping twice is none', () => {
  const rows = [row('viewer', ['incident:read', 'report:read']), row('lead', ['incident:read'])]
  const flips = flip(flip(new Set<string>(), 'viewer', 'report:read'), 'viewer', 'incident:write')
  expect(changesOf(rows, flips, ALL)).toEqual([['viewer', ['incident:read', 'incident:write']]])
  expect(may(rows[0]!, flips, 'report:read')).toBe(false)
  const back = flip(flip(flips, 'viewer', 'report:read'), 'viewer', 'incident:write')
  expect(changesOf(rows, back, ALL)).toEqual([])
})

it('groups permissions by what they are about', () => {
  expect(byNoun(ALL).map(({ noun, permissions }) => [noun, permissions.length])).toEqual([
    ['incident', 2],
    ['report', 1],
  ])
})

it('offers no role that is above one’s own', () => {
  expect(rolesToGive('admin')).not.toContain('owner')
  expect(rolesToGive('owner')).toContain('owner')
  expect(rolesToGive('auditor')).toEqual(['viewer'])
  expect([mayChange('admin', 'owner'), mayChange('admin', 'auditor'), mayChange('analyst', 'lead')]).toEqual([
    false,
    true,
    false,
  ])
})

it('tells a bare account from one with a spare factor', () => {
  const some = (n: number) => Array.from({ length: n }, () => ({}) as Factor)
  expect([0, 1, 2, 5].map((n) => standingOf(some(n)))).toEqual(['bare', 'one', 'many', 'many'])
})
