/** The view as a picture, and its events as a table, for whoever has no access. */
import { tell } from '@/components/ui/notices'
import { api, bodyOf } from '@/lib/api/client'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { isoTime, stampText, zoneName, type Zone } from '@/lib/time'
import type { Engine } from './engine/engine'
import type { Span } from './engine/scale'
import { headlineOf, type EventRow } from './source'

const MOST_ROWS = 20_000
const PAGE = 1000

function save(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

export interface Caption {
  incident: string
  title: string
  q: string
  view: Span
  zone: Zone
}

/** Lanes with their names, and over them what this is a picture of: it says on its own from when to when, and in which zone. */
export function savePng(engine: Engine, names: ReadonlyMap<string, string>, caption: Caption): void {
  const { incident, title, q, view, zone } = caption
  const span = `${stampText(view.from, zone, false)} – ${stampText(view.to, zone, false)} ${zoneName(zone, view.from)}`
  const lines = [`${incident}  ${title}`.trim(), q ? `${span}   ${say.saved.search}: ${q}` : span].map((line) =>
    plainLine(line),
  )
  engine.picture(names, lines).toBlob((blob) => blob && save(`${incident}-timeline.png`, blob), 'image/png')
}

const HEAD = [
  'time', 'time_recorded', 'kind', 'source', 'host', 'user', 'what', 'pinned', 'tags', 'artifact', 'locator', 'event_id',
] // prettier-ignore

const cellsOf = (event: EventRow): string[] => [
  event.time, event.time_recorded, event.kind, event.source, String(event.fields['host.name'] ?? ''),
  String(event.fields['user.name'] ?? ''), headlineOf(event), event.pinned ? 'yes' : '', (event.tags ?? []).join(' '),
  event.artifact, event.locator, event.id,
] // prettier-ignore

/** Up to 20,000 events of the view, in order of time. */
export async function saveCsv(incident: string, view: Span, q: string): Promise<void> {
  const rows: EventRow[] = []
  let cursor: string | null = null
  try {
    do {
      const query = { q, cursor: cursor ?? undefined, since: isoTime(view.from), until: isoTime(view.to), order: 'oldest' as const, limit: PAGE } // prettier-ignore
      const params = { path: { key: incident }, query }
      const page: { items: EventRow[]; next: string | null } = await bodyOf(
        api.GET('/v1/incidents/{key}/events', { params }),
      )
      rows.push(...page.items)
      cursor = page.next
    } while (cursor && rows.length < MOST_ROWS)
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error), true)
    return
  }
  save(`${incident}-events.csv`, new Blob([csvText([HEAD, ...rows.map(cellsOf)])], { type: 'text/csv;charset=utf-8' }))
  tell(cursor ? say.saved.cut(rows.length) : say.saved.done(rows.length), cursor !== null)
}

export const csvText = (lines: string[][]) => `${lines.map((line) => line.map(csvCell).join(',')).join('\r\n')}\r\n`

/** A cell that no spreadsheet takes for a formula: evidence is written by attackers. */
export function csvCell(text: string): string {
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(inert) ? `"${inert.replace(/"/g, '""')}"` : inert
}
