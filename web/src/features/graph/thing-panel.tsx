'use client'
import { useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { Button } from '@/components/ui/button'
import { EvidenceText, Value } from '@/components/value'
import { plainLine } from '@/lib/evidence'
import { useZone } from '@/lib/preferences'
import { say } from '@/lib/strings'
import { clockText, parseTime } from '@/lib/time'
import { RoleSign } from './picture'
import { membersQuery, type GraphEdge, type GraphNode } from './queries'

interface Props {
  incident: string
  node: GraphNode
  edges: readonly GraphEdge[]
  onEdge: (edge: GraphEdge) => void
  onClose: () => void
}

/** A thing with what it did and what was done to it; each act opens its record. */
export function ThingPanel({ incident, node, edges, onEdge, onClose }: Props) {
  const did = edges.filter((edge) => edge.source === node.id)
  const suffered = edges.filter((edge) => edge.target === node.id)
  return (
    <aside
      aria-label={plainLine(node.label, 160)}
      className="flex h-full w-[392px] shrink-0 slide-in flex-col bg-raised max-[1100px]:absolute max-[1100px]:inset-y-0 max-[1100px]:right-0 max-[1100px]:z-40 max-[1100px]:shadow-2xl"
    >
      <header className="flex shrink-0 items-start gap-2.5 p-4 pr-2 pb-3">
        <span className="pt-0.5">
          <RoleSign role={node.role} />
        </span>
        <div className="min-w-0 flex-1">
          <h2 className="font-mono text-[13px] [overflow-wrap:anywhere]">
            <Value field={node.type} value={node.label} />
          </h2>
          <p className="text-xs text-ink-3">
            {node.type.replace('-', ' ')}, {(say.graph.roles[node.role] ?? node.role).toLowerCase()}
          </p>
        </div>
        <Button kind="bare" size="icon" aria-label={say.close} onClick={onClose}>
          <X size={15} />
        </Button>
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto px-2 pb-4" tabIndex={0}>
        {node.members > 1 && <Members incident={incident} node={node} />}
        <Acts title={say.graph.did} edges={did} onEdge={onEdge} />
        <Acts title={say.graph.suffered} edges={suffered} onEdge={onEdge} />
      </div>
    </aside>
  )
}

/** What a group is made of: the gravest of its kind and role. */
function Members({ incident, node }: { incident: string; node: GraphNode }) {
  const found = useQuery(membersQuery(incident, node))
  return (
    <section className="mt-2 px-2" aria-label={say.graph.group(node.members)}>
      <h3 className="pb-1 eyebrow">{say.graph.group(node.members)}</h3>
      <ul className="flex max-h-60 flex-col overflow-y-auto font-mono text-xs leading-5" tabIndex={0}>
        {(found.data ?? []).map((one) => (
          <li key={one.id}>
            <Value field={node.type} value={one.value} />
          </li>
        ))}
      </ul>
    </section>
  )
}

interface ActsProps {
  title: string
  edges: GraphEdge[]
  onEdge: (edge: GraphEdge) => void
}

function Acts({ title, edges, onEdge }: ActsProps) {
  const [zone] = useZone()
  return (
    <section className="mt-2" aria-label={title}>
      <h3 className="px-2 pb-1 eyebrow">{title}</h3>
      {!edges.length && <p className="px-2 text-[13px] text-ink-3">{say.graph.noActs}</p>}
      <ul>
        {edges.map((edge) => (
          <li key={`${edge.source}>${edge.target}/${edge.verb}`}>
            <button
              type="button"
              onClick={() => onEdge(edge)}
              disabled={!edge.evidence.length}
              className="w-full rounded-lg px-2 py-2 text-left hover:bg-lifted"
            >
              <span className="flex gap-2 text-2xs text-ink-3 tabular-nums">
                {clockText(parseTime(edge.first), zone)}
                <span className="font-mono text-act-medium">{edge.techniques.join(' ')}</span>
                <span className="ml-auto">
                  {edge.count > 1 ? `${say.graph.acts(edge.count)} · ` : ''}
                  {say.graph.proof(edge.evidence.length)}
                </span>
              </span>
              <span className="mt-0.5 block text-[13px] leading-4.5 [overflow-wrap:anywhere] text-ink-2">
                <EvidenceText text={edge.summary} />
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
