'use client'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import { Button } from '@/components/ui/button'
import { inputLook } from '@/components/ui/field'
import { Blank, Trouble, Waiting } from '@/components/ui/states'
import { EvidenceDrawer } from '@/features/incident/drawer'
import type { Report } from '@/features/incident/report'
import { litGraph } from '@/features/incident/step'
import { StepBar, useStep } from '@/features/incident/step-bar'
import { tellStory } from '@/features/incident/story'
import { cn } from '@/lib/cn'
import { plainLine } from '@/lib/evidence'
import { useQueryState } from '@/lib/route'
import { say } from '@/lib/strings'
import { layOut, shortLabel, sift } from './layout'
import { Picture, RoleSign } from './picture'
import { ProcessTree } from './process-tree'
import { MovesMap } from './moves-map'
import { graphQuery, MOST_NODES, type Graph, type GraphNode } from './queries'
import { ThingPanel } from './thing-panel'

const ROLES = ['attacker', 'victim', 'suspicious', 'unknown', 'benign']

/** Who did what to what, as it came about; or what ran on a host. */
export function GraphPage({ incident, report }: { incident: string; report: Report | undefined }) {
  const [query] = useQueryState()
  const found = useQuery(graphQuery(incident, query.get('most') ? MOST_NODES : undefined))
  if (found.isError) return <Trouble error={found.error} again={() => void found.refetch()} />
  if (!found.data) return <Waiting />
  if (!found.data.edges.length) return <Blank title={say.graph.none} about={say.graph.noneAbout} />
  return <Shown incident={incident} graph={found.data} report={report} />
}

function Shown({ incident, graph, report }: { incident: string; graph: Graph; report: Report | undefined }) {
  const [query, change] = useQueryState()
  const [proof, setProof] = useState<{ events: string[]; at: number } | null>(null)
  const story = useMemo(() => (report ? tellStory(report) : null), [report])
  const claimsOf = story?.claimsOf
  const step = useStep(story)
  const seen = useMemo(
    () => (step.at === null ? null : litGraph(graph.edges, step.at, step.entry)),
    [graph, step.at, step.entry],
  )
  const rolesText = query.get('roles')
  const [type, text, chosen] = [query.get('type') ?? '', query.get('q') ?? '', query.get('thing')]
  const fits = useMemo(() => {
    const roles = rolesText === null ? null : new Set(rolesText.split(','))
    return sift(graph.nodes, graph.edges, { roles, type, text })
  }, [graph, rolesText, type, text])
  const hosts = useMemo(() => hostsOf(graph.nodes), [graph])
  const all = query.has('most')
  const view = VIEWS.find((one) => one === query.get('view')) ?? 'acts'
  const processes = view === 'processes'
  const host = query.get('host') ?? hosts[0]?.label ?? ''
  const node = graph.nodes.find((one) => one.id === chosen)
  const prove = (events: string[]) => setProof(events.length ? { events, at: 0 } : null)
  const choose = (id: string | null) => {
    setProof(null)
    change({ thing: id })
  }
  const event = proof?.events[proof.at]
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex shrink-0 flex-wrap items-center gap-2 border-b px-4 py-2">
        <Views view={view} change={change} />
        {processes ? (
          <Pick
            label={say.graph.host}
            value={host}
            options={hosts.map((one): [string, string] => [one.label, plainLine(one.label, 60)])}
            onChange={(value) => change({ host: value })}
          />
        ) : view === 'acts' ? (
          <Filters graph={graph} roles={rolesText} type={type} text={text} change={change} />
        ) : null}
        {view === 'acts' && (graph.together || all) && (
          <Button size="s" onClick={() => change({ most: all ? null : String(MOST_NODES) })}>
            {all ? say.graph.fewer : say.graph.more}
          </Button>
        )}
        {view === 'acts' && (
          <span className="ml-auto text-xs text-ink-3 tabular-nums">
            {graph.together ? say.graph.together(graph.entities) : say.graph.sum(fits.nodes.length, fits.edges.length)}
          </span>
        )}
      </div>
      <div className="relative flex min-h-0 flex-1">
        <div className="min-w-0 flex-1">
          {processes ? (
            <ProcessTree key={host} incident={incident} host={host} onEvidence={prove} />
          ) : view === 'movement' && report && story ? (
            <MovesMap story={story} report={report} step={step} onEvidence={prove} />
          ) : fits.nodes.length ? (
            <Room fits={fits} chosen={chosen} seen={seen} onNode={choose} onEvidence={prove} />
          ) : (
            <Blank title={say.graph.noFit}>
              <Button onClick={() => change({ roles: null, type: null, q: null })}>{say.incidents.clear}</Button>
            </Blank>
          )}
        </div>
        {proof && event ? (
          <EvidenceDrawer
            incident={incident}
            events={proof.events}
            at={proof.at}
            claims={claimsOf?.get(event) ?? []}
            onTurn={(at) => setProof({ ...proof, at })}
            onClose={() => setProof(null)}
          />
        ) : node && view === 'acts' ? (
          <ThingPanel
            key={node.id}
            incident={incident}
            node={node}
            edges={graph.edges}
            onEdge={(edge) => prove(edge.evidence)}
            onClose={() => choose(null)}
          />
        ) : null}
      </div>
      {!processes && <StepBar step={step} />}
    </div>
  )
}

interface RoomProps {
  fits: Pick<Graph, 'nodes' | 'edges'>
  chosen: string | null
  seen: ReturnType<typeof litGraph> | null
  onNode: (id: string | null) => void
  onEvidence: (events: string[]) => void
}

/** The picture in the room there is, and under it what nothing is tied to. */
function Room({ fits, chosen, seen, onNode, onEvidence }: RoomProps) {
  const box = useRef<HTMLDivElement>(null)
  const [room, setRoom] = useState({ width: 0, height: 0 })
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect
      setRoom({ width: Math.floor(width), height: Math.floor(height) })
    })
    if (box.current) watch.observe(box.current)
    return () => watch.disconnect()
  }, [])
  const layout = useMemo(() => (room.width ? layOut(fits.nodes, fits.edges, room) : null), [fits, room])
  return (
    <div className="flex h-full flex-col">
      <div ref={box} className="min-h-0 flex-1 overflow-auto" tabIndex={-1}>
        {layout && (
          <Picture
            layout={layout}
            chosen={chosen}
            seen={seen}
            onNode={onNode}
            onTie={(tie) => onEvidence([...new Set(tie.edges.flatMap((edge) => edge.evidence))])}
          />
        )}
      </div>
      {layout && layout.apart.length > 0 && <Apart nodes={layout.apart} onNode={onNode} />}
    </div>
  )
}

function Apart({ nodes, onNode }: { nodes: GraphNode[]; onNode: (id: string) => void }) {
  return (
    <details className="max-h-48 shrink-0 overflow-y-auto border-t px-4 py-2 text-xs text-ink-2">
      <summary className="cursor-pointer">{say.graph.apart(nodes.length)}</summary>
      <ul className="flex flex-wrap gap-1.5 py-2">
        {nodes.map((one) => (
          <li key={one.id}>
            <button
              type="button"
              title={plainLine(one.label)}
              onClick={() => onNode(one.id)}
              className="flex items-center gap-1.5 rounded-md bg-raised px-2 py-1 hover:bg-lifted"
            >
              <RoleSign role={one.role} size={12} /> {shortLabel(one)}
            </button>
          </li>
        ))}
      </ul>
    </details>
  )
}

type Change = (patch: Record<string, string | null>) => void

const VIEWS = ['acts', 'movement', 'processes'] as const
type View = (typeof VIEWS)[number]

function Views({ view, change }: { view: View; change: Change }) {
  return (
    <div role="radiogroup" aria-label={say.graph.view} className="flex rounded-md bg-sunk p-0.5">
      {VIEWS.map((one) => (
        <button
          key={one}
          type="button"
          role="radio"
          aria-checked={one === view}
          onClick={() => change({ view: one === 'acts' ? null : one, thing: null })}
          className="h-7 rounded px-2.5 text-xs font-[540] text-ink-3 transition-colors hover:text-ink aria-checked:bg-lifted aria-checked:text-ink"
        >
          {say.graph.views[one]}
        </button>
      ))}
    </div>
  )
}

interface FiltersProps {
  graph: Graph
  roles: string | null
  type: string
  text: string
  change: Change
}

function Filters({ graph, roles, type, text, change }: FiltersProps) {
  const present = ROLES.filter((role) => graph.nodes.some((node) => node.role === role))
  const on = new Set(roles === null ? present : roles.split(','))
  const types = [...new Set(graph.nodes.map((node) => node.type))]
  const toggle = (role: string) => {
    const next = present.filter((one) => on.has(one) !== (one === role))
    change({ roles: next.length === present.length || !next.length ? null : next.join(',') })
  }
  return (
    <>
      <div role="group" aria-label={say.graph.role} className="flex flex-wrap gap-1">
        {present.map((role) => (
          <button
            key={role}
            type="button"
            aria-pressed={on.has(role)}
            onClick={() => toggle(role)}
            className="flex h-7 items-center gap-1.5 rounded-md px-2 text-xs font-[540] text-ink-3 line-through hover:bg-lifted aria-pressed:text-ink aria-pressed:no-underline"
          >
            <RoleSign role={role} size={13} /> {say.graph.roles[role]}
          </button>
        ))}
      </div>
      <Pick
        label={say.graph.type}
        value={type}
        options={[['', say.graph.all], ...types.map((one): [string, string] => [one, say.graph.types[one] ?? one])]}
        onChange={(value) => change({ type: value || null })}
      />
      <input
        className={cn(inputLook, 'h-7 w-52 text-xs')}
        value={text}
        onChange={(event) => change({ q: event.target.value || null })}
        placeholder={say.graph.filter}
        aria-label={say.graph.filter}
        spellCheck={false}
      />
    </>
  )
}

interface PickProps {
  label: string
  value: string
  options: [string, string][]
  onChange: (value: string) => void
}

function Pick({ label, value, options, onChange }: PickProps) {
  return (
    <select
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      className={cn(inputLook, 'h-7 w-auto max-w-72 px-2 text-xs')}
    >
      {options.map(([id, text]) => (
        <option key={id} value={id}>
          {text}
        </option>
      ))}
    </select>
  )
}

/** Hosts, those the attacker was on first. */
const hostsOf = (nodes: readonly GraphNode[]) =>
  nodes
    .filter((node) => node.type === 'host' && node.members === 1)
    .sort((a, b) => Number(b.role === 'victim') - Number(a.role === 'victim'))
