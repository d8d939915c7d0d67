'use client'
import { useQuery } from '@tanstack/react-query'
import { FolderSearch, Settings } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { Frame, RailLink } from '@/components/shell/frame'
import { Button } from '@/components/ui/button'
import { Blank, Trouble, Waiting } from '@/components/ui/states'
import { useMay } from '@/lib/api/session'
import { api, bodyOf } from '@/lib/api/client'
import { incidentPath, useGo, useQueryState } from '@/lib/route'
import { useShortcuts, type Shortcut } from '@/lib/shortcuts'
import { say } from '@/lib/strings'
import { titleOf } from '../uploads/collect'
import { ChooseEvidence, DropAnywhere, useEvidence } from '../uploads/drop'
import { BulkBar } from './bulk-bar'
import { Figures } from './figures'
import { IncidentList } from './incident-list'
import { NewIncident } from './new-incident'
import { incidentsQuery, metricsQuery, runsQuery, type Incident, type Run } from './queries'
import { Toolbar } from './toolbar'
import { useFeed } from './use-feed'
import { addressOf, ALL, filterOf, isNarrowed, viewOf, type View } from './view'

/** All incidents that one may see: how we stand, then the list, the latest changed first; it changes by itself. */
export function IncidentsPage() {
  const may = useMay('incident:write')
  const [params, change] = useQueryState()
  const [opening, setOpening] = useState(false)
  const [selected, setSelected] = useState<ReadonlySet<string>>(NONE)
  const box = useRef<HTMLInputElement>(null)
  const view = useMemo(() => viewOf(params), [params])
  const onView = (next: View) => {
    setSelected(NONE)
    change(addressOf(next))
  }
  const incidents = useQuery(incidentsQuery(filterOf(view)))
  const metrics = useQuery(metricsQuery())
  const runs = useQuery(runsQuery())
  useFeed()
  const go = useGo()
  const onFiles = useEvidence(async (found) => {
    const made = await bodyOf(api.POST('/v1/incidents', { body: { title: titleOf(found) || say.incidents.title } }))
    go(incidentPath(made.key))
    return made.key
  })
  useEffect(() => {
    document.title = `${say.incidents.title} · ${say.productShort}`
  }, [])
  const shortcuts = useMemo<Shortcut[]>(
    () => [
      { keys: '/', about: say.incidents.search, group: say.shortcuts.list, run: () => box.current?.focus() },
      { keys: 'c', about: say.incidents.open, group: say.shortcuts.list, run: () => setOpening(true) },
    ],
    [],
  )
  useShortcuts(shortcuts)
  const latest = useMemo(() => latestRuns(runs.data ?? []), [runs.data])
  const shown = incidents.data ?? NO_INCIDENTS
  return (
    <Frame
      head={<h1 className="text-[15px] font-[600]">{say.incidents.title}</h1>}
      rail={
        <>
          <RailLink href="/" icon={FolderSearch} text={say.nav.incidents} current />
          <RailLink href="/settings" icon={Settings} text={say.nav.settings} current={false} />
        </>
      }
      entries={
        may
          ? [{ id: 'open', group: say.palette.here, text: say.incidents.open, keys: 'c', run: () => setOpening(true) }]
          : []
      }
    >
      <div className="relative flex h-full flex-col">
        {/* As high while they are on their way, so that the list does not jump. */}
        <div className="min-h-[172px] shrink-0">
          {metrics.data && (
            <Figures
              metrics={metrics.data}
              onSeverity={(severity) => onView({ ...ALL, open: true, severity: [severity], sort: view.sort })}
            />
          )}
        </div>
        <Toolbar view={view} onView={onView} box={box} onNew={may ? () => setOpening(true) : undefined} />
        <div className="min-h-0 flex-1">
          {incidents.isPending ? (
            <Waiting />
          ) : incidents.isError && !shown.length ? (
            <Trouble error={incidents.error} again={() => void incidents.refetch()} />
          ) : shown.length > 0 ? (
            <IncidentList
              incidents={shown}
              latest={latest}
              selected={selected}
              onSelect={may ? setSelected : undefined}
            />
          ) : isNarrowed(view) ? (
            <Blank title={say.incidents.noMatch}>
              <Button onClick={() => onView({ ...ALL, sort: view.sort })}>{say.incidents.clear}</Button>
            </Blank>
          ) : (
            <Blank title={say.incidents.emptyTitle} about={say.incidents.emptyAbout}>
              {may && <ChooseEvidence onFiles={onFiles} />}
            </Blank>
          )}
        </div>
        {may && <BulkBar selected={shown.filter((one) => selected.has(one.id))} onSelect={setSelected} />}
      </div>
      {may && <DropAnywhere text={say.incidents.drop} onFiles={onFiles} />}
      <NewIncident open={opening} onOpen={setOpening} />
    </Frame>
  )
}

const NONE: ReadonlySet<string> = new Set<string>()
const NO_INCIDENTS: Incident[] = []

function latestRuns(runs: Run[]): Map<string, Run> {
  const found = new Map<string, Run>()
  for (const run of runs) if (!found.has(run.incident)) found.set(run.incident, run)
  return found
}
