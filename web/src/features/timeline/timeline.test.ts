import { expect, it } from 'vitest'
import { differences, identityOf, namesOf, onHosts, pairOf } from './compare'
import { markedAs, tagOf } from './marking'
import { csvText } from './save'
import { roughly, searchedField, timesOf, withTerm } from './source'
import { beyond } from './use-events'
import { facetsOf, FACETS } from './values-pane'
import { patchOf, viewOf } from './views'
import { parseWhen } from './when'

const values = (all: number, ...some: [string, number][]) => ({
  field: 'user.name',
  values: some.map(([value, events]) => ({ value, events })),
  distinct: some.length,
  events: all,
})

it('tells what differs between two hosts, by share and not by how much they write', () => {
  const busy = values(10_000, ['svchost.exe', 9000], ['explorer.exe', 900], ['', 50])
  const calm = values(100, ['SVCHOST.EXE', 90], ['procdump.exe', 5])
  const found = differences(busy, calm)
  expect(found.map((one) => one.value)).toEqual(['explorer.exe', 'procdump.exe', 'svchost.exe'])
  expect(found[2]!.weight).toBeCloseTo(0)
  expect(found[1]).toMatchObject({ a: 0, b: 5 })
  expect(differences(undefined, undefined)).toEqual([])
})

it('compares the hosts that were asked for, else those the story reached first, and not one with itself', () => {
  expect(pairOf('a,b', ['x', 'y'])).toEqual(['a', 'b'])
  expect(pairOf('x', ['x', 'y'])).toEqual(['x', 'y'])
  expect(pairOf(null, ['x', 'y', 'z'])).toEqual(['x', 'y'])
  expect(pairOf(null, ['x'])).toBeNull()
  expect(onHosts('a OR b', ['x', 'q"y'])).toBe('(a OR b) AND (host:"x" OR host:"q""y")')
  expect(onHosts(' ', ['x'])).toBe('(host:"x")')
})

it('takes a program for one however its place is spelled, and for another where it lies elsewhere', () => {
  const edge = 'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe'
  const spelled = ['\\Device\\HarddiskVolume3\\Program Files\\Microsoft\\Edge\\Application\\MSEDGE.EXE', `"${edge}"`]
  for (const one of spelled) expect(identityOf(one)).toBe(identityOf(edge))
  expect(identityOf('C:\\A\\4.18.24010.12-0\\m.exe')).toBe(identityOf('c:\\a\\4.18.23110.3\\m.exe'))
  expect(identityOf('%SystemRoot%\\SysWOW64\\cmd.exe')).toBe(identityOf('C:\\Windows\\System32\\cmd.exe'))
  const found = differences(
    values(9, [edge, 4], ['C:\\Temp\\svchost.exe', 3]),
    values(9, [spelled[0]!, 5], ['msedge.exe', 2], ['C:\\Windows\\System32\\svchost.exe', 3]),
  )
  expect(found.map((one) => [one.value, one.a, one.b]).sort()).toEqual([
    ['C:\\Temp\\svchost.exe', 3, 0], ['C:\\Windows\\System32\\svchost.exe', 0, 3], [spelled[0], 4, 7],
  ]) // prettier-ignore
  expect([...namesOf(found).values()].sort()).toEqual(['MSEDGE.EXE', 'System32\\svchost.exe', 'Temp\\svchost.exe'])
})

it('takes a tag as the API does', () => {
  expect(tagOf(' #Lateral Movement ')).toBe('lateral-movement')
  for (const bad of ['', '#', 'a:b', 'a*', 'a"b', 'x'.repeat(61)]) expect(tagOf(bad)).toBeNull()
  const event = { pinned: false, tags: ['b'], notes: 0 }
  expect(markedAs(event, { pin: true }).pinned).toBe(true)
  expect(markedAs(event, { tag: 'a', on: true }).tags).toEqual(['a', 'b'])
  expect(markedAs(event, { tag: 'b', on: false }).tags).toEqual([])
  expect(markedAs(event, { unnote: 'n' }).notes).toBe(0)
})

it('reads a time as it is typed, on the day that is looked at', () => {
  const near = Date.UTC(2026, 2, 10, 8)
  expect(parseWhen('09:24', near, 'utc')).toBe(Date.UTC(2026, 2, 10, 9, 24))
  expect(parseWhen('09:24:50.2', near, 'utc')).toBe(Date.UTC(2026, 2, 10, 9, 24, 50, 200))
  expect(parseWhen('2025-12-31 23:59', near, 'utc')).toBe(Date.UTC(2025, 11, 31, 23, 59))
  expect(parseWhen('2025-12-31', near, 'utc')).toBe(Date.UTC(2025, 11, 31))
  for (const bad of ['', 'soon', '25:00', '2025-13-01', '9', '<b>']) expect(parseWhen(bad, near, 'utc')).toBeNull()
})

it('begins to read elsewhere when the playhead leaves what was read, and only where there is more', () => {
  const times = [100, 200, 300]
  expect(beyond(50, times, { before: true, after: true })).toBe(true)
  expect(beyond(50, times, { before: false, after: true })).toBe(false)
  expect(beyond(400, times, { before: true, after: true })).toBe(true)
  expect(beyond(250, times, { before: true, after: true })).toBe(false)
  expect(beyond(250, [], { before: true, after: true })).toBe(false)
})

it('keeps of a view what means something elsewhere, and all of it on its own incident', () => {
  const kept = viewOf('INC-1', new URLSearchParams('q=host:a&by=user&from=F&to=T&t=X&e=E&pane=values&other=1'))
  expect(kept).toEqual({
    incident: 'INC-1',
    q: 'host:a',
    by: 'user',
    pane: 'values',
    from: 'F',
    to: 'T',
    t: 'X',
    e: 'E',
  })
  const view = { view: kept, query: 'host:a' }
  expect(patchOf(view, 'INC-1')).toMatchObject({ q: 'host:a', from: 'F', e: 'E', hide: null })
  const elsewhere = patchOf(view, 'INC-2')
  expect(elsewhere).toMatchObject({ q: 'host:a', by: 'user' })
  expect(elsewhere).not.toHaveProperty('from')
  expect(patchOf({ view: { by: 5, pane: ['x'] }, query: '' }, 'INC-2')).toMatchObject({ by: null, pane: null, q: null })
})

it('counts what was asked for, and says a value that is not there', () => {
  expect(facetsOf(null)).toBe(FACETS)
  expect(facetsOf('a,b')).toEqual(['a', 'b'])
  expect(withTerm('', 'user.name', '')).toBe('NOT user.name:*')
  expect(withTerm('', 'user.name', '', true)).toBe('user.name:*')
  expect(withTerm('a OR b', 'Logon ID', 'x"y')).toBe('(a OR b) AND "Logon ID":"x""y"')
  expect(withTerm('', searchedField('cloud-key'), 'AKIA')).toBe('"AKIA"')
})

it('says both times of a record whose clock was corrected', () => {
  const [time, other] = ['2026-03-10T08:41:15Z', '2026-03-10T10:41:15Z']
  expect(timesOf({ time, time_recorded: other }).recorded).toBe(Date.parse(other))
  expect(timesOf({ time, time_recorded: time })).toEqual({ time: Date.parse(time) })
})

it('saves a table without formulas', () => {
  expect(
    csvText([
      ['=1+1', 'a,"b"'],
      ['x', '-2'],
    ]),
  ).toBe(`'=1+1,"a,""b"""\r\nx,'-2\r\n`)
})

it('says about how many events lie in a stretch', () => {
  const bucket = (at: number, total: number) => ({ at, total, byValue: {} })
  const overview = { resolution: 10, from: 0, values: [], buckets: [bucket(0, 100), bucket(10_000, 40)] }
  expect(roughly(overview, { from: 5_000, to: 15_000 })).toBe(70)
  expect(roughly(overview, { from: 20_000, to: 30_000 })).toBe(0)
})
