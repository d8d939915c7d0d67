/** Figures of the dashboard as what is drawn. */
import { SEVERITIES, type Metrics, type Severity } from './queries'

export interface Part {
  /** Younger than so many days; null is older than all. */
  days: number | null
  n: number
}
export interface Bar {
  severity: Severity
  n: number
  /** By age, the youngest first. */
  parts: Part[]
}

const age = (days: number | null) => days ?? Number.POSITIVE_INFINITY

/** Open incidents by severity and age. Those that only inform have a row when there are any. */
export function barsOf(metrics: Metrics): { rows: Bar[]; all: number; most: number } {
  const rows = SEVERITIES.map((severity): Bar => {
    const parts = new Map<number | null, number>()
    for (const one of metrics.open) {
      if (one.severity !== severity) continue
      parts.set(one.younger_than_days, (parts.get(one.younger_than_days) ?? 0) + one.incidents)
    }
    const sorted = [...parts].sort(([a], [b]) => age(a) - age(b)).map(([days, n]) => ({ days, n }))
    return { severity, n: sorted.reduce((sum, one) => sum + one.n, 0), parts: sorted }
  }).filter((row) => row.severity !== 'informational' || row.n > 0)
  return {
    rows,
    all: rows.reduce((sum, row) => sum + row.n, 0),
    most: Math.max(1, ...rows.map((row) => row.n)),
  }
}

const MINUTE = 60
const LEAST = MINUTE
const LONGEST = 90 * 24 * 60 * MINUTE

/** Where a length of time stands between a minute and 90 days, by its order of magnitude: 0 to 1. */
export function placeOf(seconds: number): number {
  const within = Math.min(LONGEST, Math.max(LEAST, seconds))
  return Math.log(within / LEAST) / Math.log(LONGEST / LEAST)
}

/** What stands below the scale. */
export const MARKS: readonly [seconds: number, text: string][] = [
  [MINUTE, '1 min'],
  [60 * MINUTE, '1 h'],
  [24 * 60 * MINUTE, '1 d'],
  [7 * 24 * 60 * MINUTE, '7 d'],
  [LONGEST, '90 d'],
]
