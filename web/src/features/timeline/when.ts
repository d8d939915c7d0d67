/** A time as people type one, in the zone that the page shows. */
import { partsOf, type Zone } from '@/lib/time'

const TYPED = /^(?:(\d{4})-(\d{1,2})-(\d{1,2}))?[ T]*(?:(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?)?\s*(Z|UTC)?$/i

/** `09:24`, `09:24:50.2`, `2026-03-10`, `2026-03-10 09:24`; without a day it is that of `near`. Null: no time at all. */
export function parseWhen(text: string, near: number, zone: Zone): number | null {
  const found = TYPED.exec(text.trim())
  if (!found || (!found[1] && !found[4])) return null
  const day = partsOf(near, zone)
  const [year, month, date] = found[1]
    ? [Number(found[1]), Number(found[2]), Number(found[3])]
    : [day.year, day.month, day.day]
  const [hour, minute, second] = [Number(found[4] ?? 0), Number(found[5] ?? 0), Number(found[6] ?? 0)]
  if (month < 1 || month > 12 || date < 1 || date > 31 || hour > 23 || minute > 59 || second > 59) return null
  const ms = Number((found[7] ?? '0').padEnd(3, '0'))
  const at =
    zone === 'utc' || found[8]
      ? Date.UTC(year, month - 1, date, hour, minute, second, ms)
      : new Date(year, month - 1, date, hour, minute, second, ms).getTime()
  return Number.isFinite(at) ? at : null
}
