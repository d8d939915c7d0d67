'use client'
import { useEffect } from 'react'
import { plainLine } from '@/lib/evidence'
import { useZone } from '@/lib/preferences'
import { say } from '@/lib/strings'
import { clockText, dayText, parseTime, spanText, zoneName } from '@/lib/time'
import type { IncidentWhole } from '../incidents/queries'
import { Decisions } from './decisions'
import { HeadFields } from './head-fields'
import { OthersHere } from './others-here'
import type { Report } from './report'

/** The line above: which incident, how grave, how far, who leads, from when to when. */
export function IncidentHead({
  incidentKey,
  incident,
  report,
}: {
  incidentKey: string
  incident?: IncidentWhole
  report?: Report
}) {
  const [zone] = useZone()
  const shown = plainLine(incident?.title ?? '', 200)
  useEffect(() => {
    document.title = shown ? `${incidentKey} ${shown}` : say.product
  }, [incidentKey, shown])
  const { start, end } = report?.incident ?? { start: null, end: null }
  return (
    <>
      <h1 className="flex min-w-24 items-baseline gap-2.5 overflow-hidden">
        <span className="shrink-0 font-mono text-xs whitespace-nowrap text-ink-3">{plainLine(incidentKey, 60)}</span>
        <span className="truncate text-[15px] font-[600] tracking-[-0.005em]">{shown}</span>
      </h1>
      {incident && <HeadFields incident={incident} found={report?.incident.severity} />}
      {incident && <Decisions incident={incident} />}
      <span className="ml-auto" />
      <OthersHere incident={incidentKey} />
      {start && end && (
        <span className="shrink-0 text-xs text-ink-2 tabular-nums max-lg:hidden">
          {dayText(parseTime(start), zone)} {clockText(parseTime(start), zone)} → {clockText(parseTime(end), zone)}{' '}
          {zoneName(zone, parseTime(start))}
          <span className="ml-2 text-ink-3">{spanText(parseTime(end) - parseTime(start))}</span>
        </span>
      )}
    </>
  )
}
