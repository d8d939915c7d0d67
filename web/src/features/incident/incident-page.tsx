'use client'
import { useQuery } from '@tanstack/react-query'
import { FileText, Film, type LucideIcon } from 'lucide-react'
import { Frame, RailLink } from '@/components/shell/frame'
import type { PaletteEntry } from '@/components/shell/palette'
import { Blank, Trouble, Waiting } from '@/components/ui/states'
import { isProblem } from '@/lib/api/problem'
import { incidentPath, useGo, useSegments } from '@/lib/route'
import { say } from '@/lib/strings'
import { ReportPage } from '../report/report-page'
import { incidentQuery } from '../incidents/queries'
import { IncidentHead } from './head'
import { NotAnalysed } from './not-analysed'
import { useAnalysis } from './report'
import { TABS, type Tab } from './tabs'
import { TimelinePage } from './timeline-page'

const ICONS: Record<Tab, LucideIcon> = { timeline: Film, report: FileText }

/** Everything of one incident: which part is in the path. */
export function IncidentPage() {
  const [, key = '', part = ''] = useSegments()
  const go = useGo()
  const tab: Tab = TABS.find((one) => one === part) ?? 'timeline'
  const incident = useQuery({ ...incidentQuery(key), enabled: key !== '' })
  const analysis = useAnalysis(key)
  const entries: PaletteEntry[] = TABS.map((one) => ({
    id: one,
    group: say.palette.here,
    text: say.incident.tabs[one],
    run: () => go(incidentPath(key, one)),
  }))
  return (
    <Frame
      head={<IncidentHead title={incident.data?.title ?? ''} incidentKey={key} report={analysis.report} />}
      rail={TABS.map((one) => (
        <RailLink
          key={one}
          href={incidentPath(key, one)}
          icon={ICONS[one]}
          text={say.incident.tabs[one]}
          current={one === tab}
        />
      ))}
      entries={entries}
    >
      <Body incidentKey={key} tab={tab} incident={incident} analysis={analysis} />
    </Frame>
  )
}

interface BodyProps {
  incidentKey: string
  tab: Tab
  incident: { error: unknown; isPending: boolean; refetch: () => unknown }
  analysis: ReturnType<typeof useAnalysis>
}

function Body({ incidentKey, tab, incident, analysis }: BodyProps) {
  if (isProblem(incident.error, 'unknown-incident')) return <Blank title={say.incident.unknownIncident} />
  const error = incident.error ?? analysis.error
  if (error) return <Trouble error={error} again={() => void incident.refetch()} />
  if (incident.isPending || analysis.loading) return <Waiting />
  if (!analysis.report) return <NotAnalysed incidentKey={incidentKey} latest={analysis.latest} />
  if (tab === 'timeline') return <TimelinePage key={analysis.run!.id} incident={incidentKey} report={analysis.report} />
  return <ReportPage incident={incidentKey} />
}
