/** Who had a hand in a version of a report. */
import { bareName } from '@/lib/names'
import type { ReportVersion } from './queries'

/** Those who decided on its sentences or wrote them, who did most first. */
export function handsOf({ sections }: Pick<ReportVersion, 'sections'>): string[] {
  const deeds = new Map<string, number>()
  for (const { decided_by: by } of sections.flatMap((section) => section.claims))
    if (by) deeds.set(bareName(by), (deeds.get(bareName(by)) ?? 0) + 1)
  return [...deeds].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([name]) => name)
}
