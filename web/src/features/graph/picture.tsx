'use client'
import { useMemo, useRef, useState, type KeyboardEvent } from 'react'
import type { Lit } from '@/features/incident/step'
import { useZone } from '@/lib/preferences'
import { say } from '@/lib/strings'
import { clockText, zoneName } from '@/lib/time'
import { GUTTER, stepTo, type Layout, type Placed, type Tie } from './layout'

interface Props {
  layout: Layout
  chosen: string | null
  onNode: (id: string | null) => void
  onTie: (tie: Tie) => void
  /** What has come in when the playhead stands somewhere; null: all of it. */
  seen?: { nodes: ReadonlySet<string>; ties: Lit } | null
}

const ROLE: Record<string, { colour: string; glyph: 'diamond' | 'circle' | 'dot' }> = {
  attacker: { colour: 'var(--act-high)', glyph: 'diamond' },
  suspicious: { colour: 'var(--act-low)', glyph: 'diamond' },
  victim: { colour: 'var(--asset)', glyph: 'circle' },
}
const PLAIN = { colour: 'var(--log)', glyph: 'dot' } as const
const STEPS = ['ArrowRight', 'ArrowLeft', 'ArrowUp', 'ArrowDown', 'Home', 'End']

export function RoleSign({ role, size = 16 }: { role: string; size?: number }) {
  return (
    <svg viewBox="-10 -10 20 20" width={size} height={size} aria-hidden className="shrink-0">
      <Shape role={role} many={false} />
    </svg>
  )
}

export function Shape({ role, many }: { role: string; many: boolean }) {
  const { colour, glyph } = ROLE[role] ?? PLAIN
  const path =
    glyph === 'diamond'
      ? 'M0,-8.500 8.500,0 0,8.500 -8.500,0z'
      : glyph === 'circle'
        ? 'M0,-7a7,7 0 1 0 0,14a7,7 0 1 0 0,-14z'
        : 'M0,-4.500a4.500,4.500 0 1 0 0,9a4.500,4.500 0 1 0 0,-9z'
  return (
    <>
      {many && <path d={path} fill={colour} opacity={0.4} transform="translate(4,-3)" />}
      <path d={path} fill={colour} />
    </>
  )
}

/** Things on lanes by kind, left to right as they came in; what one did to another runs between them. */
export function Picture({ layout, chosen, onNode, onTie, seen = null }: Props) {
  const [pointed, setPointed] = useState<string | null>(null)
  const [zone] = useZone()
  const svg = useRef<SVGSVGElement>(null)
  const lit = useMemo(() => litBy(layout, pointed ?? chosen), [layout, pointed, chosen])
  const first = layout.nodes.reduce<Placed | null>((best, one) => (!best || one.x < best.x ? one : best), null)
  const stop = layout.nodes.some((one) => one.node.id === chosen) ? chosen : (first?.node.id ?? null)
  const onKey = (event: KeyboardEvent<SVGGElement>, id: string) => {
    if (event.key === 'Enter' || event.key === ' ') onNode(id)
    else if (event.key === 'Escape') onNode(null)
    else if (STEPS.includes(event.key)) {
      const next = stepTo(layout.nodes, id, event.key)
      const found = svg.current?.querySelector<SVGGElement>(`[data-thing="${CSS.escape(next ?? '')}"]`)
      found?.focus()
    } else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <svg
      ref={svg}
      width={layout.width}
      height={layout.height}
      role="group"
      aria-label={`${say.graph.label}. ${say.graph.help}`}
      className="block select-none"
      onClick={() => onNode(null)}
    >
      <defs>
        {(['hostile', 'plain'] as const).map((kind) => (
          <marker
            key={kind}
            id={`tip-${kind}`}
            viewBox="0 0 8 8"
            refX="5"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path d="M0,0.500 7,4 0,7.500z" fill={kind === 'hostile' ? 'var(--act-medium)' : 'var(--ink-3)'} />
          </marker>
        ))}
      </defs>
      <Lanes layout={layout} />
      {layout.ticks.map(({ x, time }) => (
        <g key={x}>
          <path d={`M${x},26V${layout.height}`} stroke="var(--hair)" />
          <text x={x} y={18} fontSize={11} fill="var(--ink-3)" textAnchor="middle">
            {clockText(time, zone)}
          </text>
        </g>
      ))}
      <text x={16} y={18} fontSize={11} fill="var(--ink-3)">
        {zoneName(zone, layout.ticks[0]?.time)}
      </text>
      {layout.ties.map((tie) => (
        <Curve
          key={tie.id}
          tie={tie}
          lit={lit ? lit.ties.has(tie.id) : null}
          hidden={seen !== null && !seen.ties.lit.has(tie.id)}
          now={seen?.ties.now.has(tie.id) ?? false}
          onTie={onTie}
        />
      ))}
      {layout.nodes.map((one) => (
        <Thing
          key={one.node.id}
          placed={one}
          dim={(lit !== null && !lit.nodes.has(one.node.id)) || (seen !== null && !seen.nodes.has(one.node.id))}
          chosen={one.node.id === chosen}
          stop={one.node.id === stop}
          ties={layout.ties.filter((tie) => tie.source === one.node.id || tie.target === one.node.id).length}
          onPoint={setPointed}
          onChoose={onNode}
          onKey={onKey}
        />
      ))}
    </svg>
  )
}

function Lanes({ layout }: { layout: Layout }) {
  return layout.lanes.map((lane, i) => (
    <g key={lane.type}>
      <rect
        x={0}
        y={lane.top}
        width={layout.width}
        height={lane.height}
        fill={i % 2 ? 'transparent' : 'var(--ground)'}
        opacity={0.45}
      />
      <text x={16} y={lane.top + lane.height / 2 + 4} fontSize={12} fontWeight={560} fill="var(--ink-2)">
        {say.graph.types[lane.type] ?? lane.type}
      </text>
      <path d={`M${GUTTER - 12},${lane.top + 6}v${lane.height - 12}`} stroke="var(--line)" />
    </g>
  ))
}

interface CurveProps {
  tie: Tie
  lit: boolean | null
  hidden: boolean
  now: boolean
  onTie: (tie: Tie) => void
}

function Curve({ tie, lit, hidden, now, onTie }: CurveProps) {
  const wide = Math.min(4, 1.1 + Math.log2(tie.acts) * 0.45) + (now ? 1 : 0)
  const plain = now ? 1 : tie.hostile ? 0.75 : 0.4
  const opacity = hidden ? 0.05 : lit === null ? plain : lit ? 1 : 0.08
  return (
    <g
      onClick={(event) => {
        event.stopPropagation()
        onTie(tie)
      }}
      className="cursor-pointer [&:hover>path:last-of-type]:opacity-100"
    >
      <title>{tie.edges.map((edge) => edge.summary).join('\n')}</title>
      <path d={tie.path} fill="none" stroke="transparent" strokeWidth={12} />
      <path
        d={tie.path}
        fill="none"
        stroke={now ? 'var(--accent)' : tie.hostile ? 'var(--act-medium)' : 'var(--ink-3)'}
        strokeWidth={wide}
        style={{ opacity }}
        className="transition-opacity duration-150"
        markerEnd={`url(#tip-${tie.hostile ? 'hostile' : 'plain'})`}
      />
      {now && (
        <path
          d={tie.path}
          fill="none"
          stroke="var(--accent)"
          strokeWidth={wide + 3}
          strokeLinecap="round"
          pathLength={100}
          strokeDasharray="8 200"
          className="travel"
        />
      )}
    </g>
  )
}

interface ThingProps {
  placed: Placed
  dim: boolean
  chosen: boolean
  stop: boolean
  ties: number
  onPoint: (id: string | null) => void
  onChoose: (id: string) => void
  onKey: (event: KeyboardEvent<SVGGElement>, id: string) => void
}

function Thing({ placed, dim, chosen, stop, ties, onPoint, onChoose, onKey }: ThingProps) {
  const { node, label, x, y } = placed
  const told = say.graph.node(label, node.type.replace('-', ' '), say.graph.roles[node.role] ?? node.role, ties)
  return (
    <g
      data-thing={node.id}
      role="button"
      tabIndex={stop ? 0 : -1}
      aria-label={told}
      aria-pressed={chosen}
      transform={`translate(${x},${y})`}
      style={{ opacity: dim ? 0.22 : 1 }}
      className="group cursor-pointer transition-opacity duration-150 outline-none"
      onPointerEnter={() => onPoint(node.id)}
      onPointerLeave={() => onPoint(null)}
      onFocus={() => onPoint(node.id)}
      onBlur={() => onPoint(null)}
      onKeyDown={(event) => onKey(event, node.id)}
      onClick={(event) => {
        event.stopPropagation()
        onChoose(node.id)
      }}
    >
      <rect
        x={-13}
        y={-13}
        width={label.length * 6.7 + 32}
        height={26}
        rx={7}
        fill="transparent"
        className="stroke-transparent group-hover:fill-lifted group-focus-visible:stroke-[var(--focus)] group-aria-pressed:fill-lifted"
        strokeWidth={2}
      />
      <Shape role={node.role} many={node.members > 1} />
      <text
        x={14}
        y={4}
        fontSize={12}
        fill="var(--ink)"
        paintOrder="stroke"
        stroke="var(--surface)"
        strokeWidth={3}
        strokeLinejoin="round"
        className="group-hover:stroke-transparent group-aria-pressed:stroke-transparent"
      >
        {label}
      </text>
    </g>
  )
}

/** What lights up with a thing: itself, what it is tied to, and the ties. */
function litBy(layout: Layout, id: string | null): { nodes: Set<string>; ties: Set<string> } | null {
  if (id === null || !layout.nodes.some((one) => one.node.id === id)) return null
  const ties = layout.ties.filter((tie) => tie.source === id || tie.target === id)
  return {
    ties: new Set(ties.map((tie) => tie.id)),
    nodes: new Set([id, ...ties.flatMap((tie) => [tie.source, tie.target])]),
  }
}
