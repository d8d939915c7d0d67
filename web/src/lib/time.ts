/** Times as people read them. All times inside are milliseconds since 1970 UTC, with fractions down to the microsecond. */

export type Zone = 'utc' | 'local'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Milliseconds of an RFC 3339 time; its microseconds are kept, which Date would cut off. */
export function parseTime(text: string): number {
  const fraction = /\.(\d{3})(\d{1,6})/.exec(text)
  const whole = Date.parse(text)
  return fraction ? whole + Number(`0.${fraction[2]}`) : whole
}

/** RFC 3339 in UTC, as the API and the URL take it, with no more digits than there are. */
export function isoTime(ms: number): string {
  const whole = Math.floor(ms)
  const micros = Math.round((ms - whole) * 1000)
  const base = new Date(whole).toISOString()
  if (micros > 0) return base.replace('Z', `${String(Math.min(micros, 999)).padStart(3, '0')}Z`)
  return base.replace('.000Z', 'Z')
}

interface Parts {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  ms: number
}

/** The parts of a time in a zone. `month` counts from 1. */
export function partsOf(ms: number, zone: Zone): Parts {
  const d = new Date(Math.floor(ms))
  return zone === 'utc'
    ? {
        year: d.getUTCFullYear(),
        month: d.getUTCMonth() + 1,
        day: d.getUTCDate(),
        hour: d.getUTCHours(),
        minute: d.getUTCMinutes(),
        second: d.getUTCSeconds(),
        ms: d.getUTCMilliseconds(),
      }
    : {
        year: d.getFullYear(),
        month: d.getMonth() + 1,
        day: d.getDate(),
        hour: d.getHours(),
        minute: d.getMinutes(),
        second: d.getSeconds(),
        ms: d.getMilliseconds(),
      }
}

const two = (n: number) => String(n).padStart(2, '0')
const three = (n: number) => String(n).padStart(3, '0')

/** `2031-05-14` */
export function dayText(ms: number, zone: Zone): string {
  const p = partsOf(ms, zone)
  return `${String(p.year).padStart(4, '0')}-${two(p.month)}-${two(p.day)}`
}

/** `22:06:41`, or `22:06:41.220` */
export function clockText(ms: number, zone: Zone, withMs = false): string {
  const p = partsOf(ms, zone)
  const base = `${two(p.hour)}:${two(p.minute)}:${two(p.second)}`
  return withMs ? `${base}.${three(p.ms)}` : base
}

/** `2031-05-14 22:06:41.220` */
export function stampText(ms: number, zone: Zone, withMs = true): string {
  return `${dayText(ms, zone)} ${clockText(ms, zone, withMs)}`
}

/** The zone's name as it must stand beside every time: `UTC`, `UTC+2`. */
export function zoneName(zone: Zone, ms: number = Date.now()): string {
  if (zone === 'utc') return 'UTC'
  const minutes = -new Date(ms).getTimezoneOffset()
  if (minutes === 0) return 'UTC (local)'
  const sign = minutes < 0 ? '−' : '+'
  const rest = Math.abs(minutes)
  return `UTC${sign}${Math.floor(rest / 60)}${rest % 60 ? `:${two(rest % 60)}` : ''}`
}

/** `4 min 43 s`, `3 d 2 h`, `220 ms`: the two largest units. */
export function spanText(ms: number): string {
  const sign = ms < 0 ? '−' : ''
  let rest = Math.abs(ms)
  if (rest < SECOND) return `${sign}${rest < 10 ? rest.toFixed(1).replace(/\.0$/, '') : Math.round(rest)} ms`
  const units: [number, string][] = [
    [365 * DAY, 'y'],
    [DAY, 'd'],
    [HOUR, 'h'],
    [MINUTE, 'min'],
    [SECOND, 's'],
  ]
  const said: string[] = []
  for (const [size, name] of units) {
    const n = Math.floor(rest / size)
    rest -= n * size
    if (n > 0) said.push(`${n} ${name}`)
    else if (said.length > 0) break
    if (said.length === 2) break
  }
  return sign + said.join(' ')
}

/** A clock's correction: `+19 h`. */
export function offsetText(seconds: number): string {
  return `${seconds < 0 ? '−' : '+'}${spanText(Math.abs(seconds) * SECOND)}`
}
