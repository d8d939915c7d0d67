'use client'
import { memo, useMemo } from 'react'
import { Shape } from '@/features/graph/picture'
import type { Graph } from '@/features/graph/queries'
import { smallPicture } from '@/features/graph/small'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import type { Lit } from './step'

interface Props {
  graph: Graph
  lit: { nodes: ReadonlySet<string>; ties: Lit } | null
  width: number
  row?: number
}

/** The graph small, lit as far as the playhead has come; what happens now runs along its tie. */
export const StepGraph = memo(function StepGraph({ graph, lit, width, row }: Props) {
  const picture = useMemo(() => smallPicture(graph.nodes, graph.edges, width, row), [graph, width, row])
  const nowNodes = new Set([...(lit?.ties.now ?? [])].flatMap((tie) => tie.split('>')))
  return (
    <svg width={width} height={picture.height} role="img" aria-label={say.step.graph} className="block">
      {picture.ties.map((tie) => {
        const [on, now] = [!lit || lit.ties.lit.has(tie.id), lit?.ties.now.has(tie.id) ?? false]
        return (
          <g key={tie.id}>
            <path
              d={tie.path}
              fill="none"
              stroke={now ? 'var(--accent)' : tie.hostile ? 'var(--act-medium)' : 'var(--ink-3)'}
              strokeWidth={now ? 2 : 1}
              style={{ opacity: now ? 1 : on ? (lit ? 0.55 : 0.4) : 0.07 }}
              className="transition-opacity duration-200"
            />
            {now && (
              <path
                key={`${tie.id}/now`}
                d={tie.path}
                fill="none"
                stroke="var(--accent)"
                strokeWidth={4}
                strokeLinecap="round"
                pathLength={100}
                strokeDasharray="8 200"
                className="travel"
              />
            )}
          </g>
        )
      })}
      {picture.nodes.map(({ node, x, y }) => {
        const on = !lit || lit.nodes.has(node.id)
        const now = nowNodes.has(node.id)
        return (
          <g
            key={node.id}
            transform={`translate(${x},${y}) scale(${now ? 0.95 : 0.6})`}
            style={{ opacity: on ? 1 : 0.16 }}
            className="transition-[opacity,transform] duration-200"
          >
            <title>{plainLine(node.label, 160)}</title>
            {now && <circle r={13} fill="none" stroke="var(--accent)" strokeWidth={2} />}
            <Shape role={node.role} many={node.members > 1} />
          </g>
        )
      })}
    </svg>
  )
})
