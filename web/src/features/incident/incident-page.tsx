'use client'
import { useQuery } from '@tanstack/react-query'
import { Download, FileStack, FileText, Film, Grid3x3, ListChecks, Waypoints, type LucideIcon } from 'lucide-react'
import { lazy, Suspense, useEffect, useMemo } from 'react'
import { Frame, RailLink } from '@/components/shell/frame'
import type { PaletteEntry } from '@/components/shell/palette'
import { Button } from '@/components/ui/button'
import { Blank, Trouble, Waiting } from '@/components/ui/states'
import { ValueActsProvider } from '@/components/value'
import { searchedField, withTerm } from '@/features/timeline/source'
import { isProblem } from '@/lib/api/problem'
import { useSeenAt } from '@/lib/presence'
import { incidentPath, useGo, useQueryState, useSegments } from '@/lib/route'
import { say } from '@/lib/strings'
import { incidentQuery } from '../incidents/queries'
import { useFeed } from '../incidents/use-feed'
import type { Found } from '../uploads/collect'
import { DropAnywhere, useEvidence } from '../uploads/drop'
import { IncidentHead } from './head'
import { NotAnalysed } from './not-analysed'
import { useAnalysis } from './report'
import { TABS, type Tab } from './tabs'

// Each part is a script of its own, so that the first one stands soon; the others come when there is nothing else to do.
const parts = {
  timeline: () => import('./timeline-page').then((one) => ({ default: one.TimelinePage })),
  graph: () => import('../graph/graph-page').then((one) => ({ default: one.GraphPage })),
  report: () => import('../report/report-page').then((one) => ({ default: one.ReportPage })),
  attack: () => import('./attack-page').then((one) => ({ default: one.AttackPage })),
  evidence: () => import('../artifacts/evidence-page').then((one) => ({ default: one.EvidencePage })),
  actions: () => import('../actions/actions-page').then((one) => ({ default: one.ActionsPage })),
  export: () => import('../exports/exports-page').then((one) => ({ default: one.ExportsPage })),
}
const TimelinePage = lazy(parts.timeline)
const GraphPage = lazy(parts.graph)
const ReportPage = lazy(parts.report)
const AttackPage = lazy(parts.attack)
const EvidencePage = lazy(parts.evidence)
const ActionsPage = lazy(parts.actions)
const ExportsPage = lazy(parts.export)
const LATER_MS = 4_000

const idle = () =>
  new Promise<unknown>((done) =>
    // Not every browser has it (Safari).
    'requestIdleCallback' in window ? window.requestIdleCallback(done) : setTimeout(done, 100),
  )

const tabOf = (part: string | undefined): Tab => TABS.find((one) => one === part) ?? 'timeline'
// The script of the part that the address names comes while what it shows does.
if (typeof window !== 'undefined') parts[tabOf(window.location.pathname.split('/')[3])]().catch(() => undefined)

const ICONS: Record<Tab, LucideIcon> = {
  timeline: Film, graph: Waypoints, report: FileText, attack: Grid3x3, evidence: FileStack, actions: ListChecks, export: Download,
} // prettier-ignore

const FOLLOWS = new Set<Tab>(['timeline', 'graph', 'attack'])

/** Everything of one incident: which part is in the path. */
export function IncidentPage() {
  const [, key = '', part = ''] = useSegments()
  const go = useGo()
  const tab = tabOf(part)
  const incident = useQuery({ ...incidentQuery(key), enabled: key !== '' })
  const analysis = useAnalysis(key)
  const onFiles = useEvidence(async () => key)
  useFeed()
  useSeenAt(incident.data ? key : null, tab)
  useEffect(() => {
    let left = false
    const timer = setTimeout(async () => {
      // One at a time and only while nothing else is to be done: a key pressed meanwhile does not wait for them all.
      for (const one of TABS) {
        await idle()
        if (left) return
        await parts[one]().catch(() => undefined)
      }
    }, LATER_MS)
    return () => {
      left = true
      clearTimeout(timer)
    }
  }, [])
  const [query] = useQueryState()
  const at = query.get('t')
  // The pages that show the same story go on at the same moment of it.
  const moment = at && FOLLOWS.has(tab) ? `?t=${at}` : ''
  // Elsewhere than on the timeline a value leads there.
  const acts = useMemo(() => {
    const to = (field: string, value: string, not: boolean) =>
      go(`${incidentPath(key)}?q=${encodeURIComponent(withTerm('', searchedField(field), value, not))}`)
    return {
      filterTo: (field: string, value: string) => to(field, value, false),
      exclude: (field: string, value: string) => to(field, value, true),
    }
  }, [go, key])
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
          href={incidentPath(key, one) + (FOLLOWS.has(one) ? moment : '')}
          icon={ICONS[one]}
          text={say.incident.tabs[one]}
          current={one === tab}
        />
      ))}
      entries={entries}
    >
      <ValueActsProvider value={acts}>
        <Suspense fallback={<Waiting />}>
          <Body incidentKey={key} tab={tab} incident={incident} analysis={analysis} onFiles={onFiles} />
        </Suspense>
      </ValueActsProvider>
      <DropAnywhere text={say.incidents.dropHere} onFiles={onFiles} />
    </Frame>
  )
}

/** No such incident: what is left is the way back. */
function Unknown() {
  const go = useGo()
  return (
    <Blank title={say.incident.unknownIncident}>
      <Button onClick={() => go('/')}>{say.notFound.back}</Button>
    </Blank>
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
  if (isProblem(incident.error, 'unknown-incident')) return <Unknown />
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
