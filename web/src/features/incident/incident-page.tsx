'use client'
import { useQuery } from '@tanstack/react-query'
import { Download, FileStack, FileText, Film, Grid3x3, ListChecks, Waypoints, type LucideIcon } from 'lucide-react'
import { Frame, RailLink } from '@/components/shell/frame'
import type { PaletteEntry } from '@/components/shell/palette'
import { Blank, Trouble, Waiting } from '@/components/ui/states'
import { isProblem } from '@/lib/api/problem'
import { incidentPath, useGo, useSegments } from '@/lib/route'
import { say } from '@/lib/strings'
import { ActionsPage } from '../actions/actions-page'
import { EvidencePage } from '../artifacts/evidence-page'
import { ExportsPage } from '../exports/exports-page'
import { GraphPage } from '../graph/graph-page'
import { ReportPage } from '../report/report-page'
import { incidentQuery } from '../incidents/queries'
import { useFeed } from '../incidents/use-feed'
import type { Found } from '../uploads/collect'
import { DropAnywhere, useEvidence } from '../uploads/drop'
import { AttackPage } from './attack-page'
import { IncidentHead } from './head'
import { NotAnalysed } from './not-analysed'
import { useAnalysis } from './report'
import { TABS, type Tab } from './tabs'
import { TimelinePage } from './timeline-page'

const ICONS: Record<Tab, LucideIcon> = {
  timeline: Film, graph: Waypoints, report: FileText, attack: Grid3x3, evidence: FileStack, actions: ListChecks, export: Download,
} // prettier-ignore

/** Everything of one incident: which part is in the path. */
export function IncidentPage() {
  const [, key = '', part = ''] = useSegments()
  const go = useGo()
  const tab: Tab = TABS.find((one) => one === part) ?? 'timeline'
  const incident = useQuery({ ...incidentQuery(key), enabled: key !== '' })
  const analysis = useAnalysis(key)
  const onFiles = useEvidence(async () => key)
  useFeed()
  const entries: PaletteEntry[] = TABS.map((one) => ({
    id: one,
    group: say.palette.here,
    text: say.incident.tabs[one],
    run: () => go(incidentPath(key, one)),
  }))
  return (
    <Frame
      head={<IncidentHead incidentKey={key} incident={incident.data} report={analysis.report} />}
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
      <Body incidentKey={key} tab={tab} incident={incident} analysis={analysis} onFiles={onFiles} />
      <DropAnywhere text={say.incidents.dropHere} onFiles={onFiles} />
    </Frame>
  )
}

interface BodyProps {
  incidentKey: string
  tab: Tab
  incident: { error: unknown; isPending: boolean; refetch: () => unknown }
  analysis: ReturnType<typeof useAnalysis>
  onFiles: (found: Found[]) => Promise<void>
}

function Body({ incidentKey, tab, incident, analysis, onFiles }: BodyProps) {
  if (isProblem(incident.error, 'unknown-incident')) return <Blank title={say.incident.unknownIncident} />
  if (incident.error) return <Trouble error={incident.error} again={() => void incident.refetch()} />
  if (incident.isPending) return <Waiting />
  // These stand without an analysis.
  if (tab === 'evidence') return <EvidencePage incident={incidentKey} onFiles={onFiles} />
  if (tab === 'actions') return <ActionsPage incident={incidentKey} />
  const { report, run } = analysis
  // These ask for what they show; of the analysis they need only that there was one.
  if (run && tab === 'report') return <ReportPage incident={incidentKey} />
  if (run && tab === 'graph') return <GraphPage incident={incidentKey} report={report} />
  if (run && tab === 'export') return <ExportsPage incident={incidentKey} run={run.id} />
  if (analysis.error) return <Trouble error={analysis.error} again={() => void incident.refetch()} />
  if (analysis.loading) return <Waiting />
  if (!report || !run) return <NotAnalysed incidentKey={incidentKey} latest={analysis.latest} onFiles={onFiles} />
  if (tab === 'attack') return <AttackPage incident={incidentKey} report={report} />
  return <TimelinePage key={run.id} incident={incidentKey} report={report} />
}
