'use client'
import { useQuery } from '@tanstack/react-query'
import { FolderSearch, Plus, Settings } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { Frame, RailLink } from '@/components/shell/frame'
import { Button } from '@/components/ui/button'
import { inputLook } from '@/components/ui/field'
import { Blank, Trouble, Waiting } from '@/components/ui/states'
import { useMay } from '@/lib/api/session'
import { api, bodyOf } from '@/lib/api/client'
import { incidentPath, useGo, useQueryState } from '@/lib/route'
import { useShortcuts, type Shortcut } from '@/lib/shortcuts'
import { say } from '@/lib/strings'
import { titleOf } from '../uploads/collect'
import { ChooseEvidence, DropAnywhere, useEvidence } from '../uploads/drop'
import { Figures } from './figures'
import { Choice } from './filters'
import { IncidentList } from './incident-list'
import { NewIncident } from './new-incident'
import { incidentsQuery, metricsQuery, runsQuery, SEVERITIES, STATUSES, type Filter, type Run } from './queries'
import { useFeed } from './use-feed'

/** All incidents that one may see: how we stand, then the list, the latest changed first; it changes by itself. */
export function IncidentsPage() {
  const may = useMay('incident:write')
  const [params, change] = useQueryState()
  const [opening, setOpening] = useState(false)
  const box = useRef<HTMLInputElement>(null)
  const filter = useMemo(() => filterOf(params), [params])
  const filtered = Boolean(filter.text || filter.status?.length || filter.severity?.length)
  const incidents = useQuery(incidentsQuery(filter))
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
      <div className="flex h-full flex-col">
        {metrics.data && <Figures metrics={metrics.data} />}
        <div className="flex items-center gap-2 px-5 py-2">
          <input
            ref={box}
            type="search"
            aria-label={say.incidents.search}
            placeholder={say.incidents.search}
            value={filter.text ?? ''}
            onChange={(event) => change({ find: event.target.value })}
            className={`${inputLook} h-8 max-w-72`}
          />
          <Choice
            label={say.incidents.columns.severity}
            all={SEVERITIES}
            names={say.incident.severity}
            chosen={filter.severity ?? []}
            onChange={(chosen) => change({ severity: chosen.join(',') })}
          />
          <Choice
            label={say.incidents.columns.status}
            all={STATUSES}
            names={say.incident.status}
            chosen={filter.status ?? []}
            onChange={(chosen) => change({ status: chosen.join(',') })}
          />
          {filtered && (
            <Button kind="bare" onClick={() => change({ find: null, severity: null, status: null })}>
              {say.incidents.clear}
            </Button>
          )}
          {may && (
            <Button kind="main" className="ml-auto" onClick={() => setOpening(true)}>
              <Plus size={15} /> {say.incidents.open}
            </Button>
          )}
        </div>
        <div className="min-h-0 flex-1">
          {incidents.isPending ? (
            <Waiting />
          ) : incidents.isError ? (
            <Trouble error={incidents.error} again={() => void incidents.refetch()} />
          ) : incidents.data.length > 0 ? (
            <IncidentList incidents={incidents.data} latest={latest} />
          ) : filtered ? (
            <Blank title={say.incidents.noMatch}>
              <Button onClick={() => change({ find: null, severity: null, status: null })}>
                {say.incidents.clear}
              </Button>
            </Blank>
          ) : (
            <Blank title={say.incidents.emptyTitle} about={say.incidents.emptyAbout}>
              {may && <ChooseEvidence onFiles={onFiles} />}
            </Blank>
          )}
        </div>
      </div>
      {may && <DropAnywhere text={say.incidents.drop} onFiles={onFiles} />}
      <NewIncident open={opening} onOpen={setOpening} />
    </Frame>
  )
}

function filterOf(params: URLSearchParams): Filter {
  const several = <T extends string>(name: string, all: readonly T[]) =>
    (params.get(name) ?? '').split(',').filter((one): one is T => all.includes(one as T))
  return {
    text: params.get('find') ?? '',
    severity: several('severity', SEVERITIES),
    status: several('status', STATUSES),
  }
}

function latestRuns(runs: Run[]): Map<string, Run> {
  const found = new Map<string, Run>()
  for (const run of runs) if (!found.has(run.incident)) found.set(run.incident, run)
  return found
}
