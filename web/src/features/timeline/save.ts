/** The view as a picture, and its events as a table, for whoever has no access. */
import { tell } from '@/components/ui/notices'
import { api, bodyOf } from '@/lib/api/client'
import { isoTime } from '@/lib/time'
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

export function savePng(engine: Engine, incident: string): void {
  engine.snapshot().toBlob((blob) => blob && save(`${incident}-timeline.png`, blob), 'image/png')
}

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
  const head = ['time', 'time_recorded', 'kind', 'source', 'host', 'user', 'what', 'artifact', 'locator', 'event_id']
  const lines = rows.map((event) => [
    event.time, event.time_recorded, event.kind, event.source, event.fields['host.name'] ?? '',
    event.fields['user.name'] ?? '', headlineOf(event), event.artifact, event.locator, event.id,
  ]) // prettier-ignore
  const text = [head, ...lines].map((line) => line.map((cell) => csvCell(String(cell))).join(',')).join('\r\n')
  save(`${incident}-events.csv`, new Blob([`${text}\r\n`], { type: 'text/csv;charset=utf-8' }))
}

/** A cell that no spreadsheet takes for a formula: evidence is written by attackers. */
export function csvCell(text: string): string {
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(inert) ? `"${inert.replace(/"/g, '""')}"` : inert
}
