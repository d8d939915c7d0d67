import { Lock } from 'lucide-react'
import type { Span } from '@/features/timeline/engine/scale'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { parseTime } from '@/lib/time'
import { sizeText, type Artifact } from './queries'

const WIDE = 280
const HIGH = 34
const MOST_NAME = 34

/** An artifact at a glance: what it is, what was read of it, and when its events lie. */
export function ArtifactCard({
  artifact,
  span,
  open,
  onOpen,
}: {
  artifact: Artifact
  span: Span | null
  open: boolean
  onOpen: () => void
}) {
  const { parsed } = artifact
  const name = plainLine(artifact.name.split('!/').pop() ?? artifact.name, 200)
  const parts = name.split('/')
  return (
    <button
      type="button"
      onClick={onOpen}
      aria-pressed={open}
      className="flex h-full w-full flex-col rounded-xl bg-raised p-4 text-left transition-colors hover:bg-lifted aria-pressed:bg-lifted"
    >
      <span className="flex w-full items-baseline gap-2">
        <span title={name} className="truncate text-[13px] font-[580]">
          {middleCut(parts.pop() ?? '')}
        </span>
        {artifact.lock?.legal_hold && (
          <Lock size={12} aria-label={say.artifacts.hold} className="shrink-0 self-center text-ink-3" />
        )}
        <span className="ml-auto shrink-0 text-xs text-ink-3 tabular-nums">{sizeText(artifact.size)}</span>
      </span>
      <span className="w-full truncate text-2xs text-ink-3">{parts.join('/') || artifact.format}</span>
      <Curve artifact={artifact} span={span} />
      <span className="mt-2 flex w-full items-center gap-3 text-xs text-ink-2 tabular-nums">
        {parsed.events > 0
          ? say.timeline.events(parsed.events)
          : artifact.members > 0
            ? say.artifacts.members(artifact.members)
            : say.artifacts.nothing}
        {parsed.errors > 0 && <span className="text-act-medium">{say.artifacts.errors(parsed.errors)}</span>}
        <span className="ml-auto font-mono text-2xs text-ink-3">{artifact.sha256.slice(0, 12)}</span>
      </span>
    </button>
  )
}

/** Of a long name both ends: rotated logs differ in the last of it. */
function middleCut(name: string): string {
  const chars = [...name]
  return chars.length > MOST_NAME ? `${chars.slice(0, 14).join('')}…${chars.slice(15 - MOST_NAME).join('')}` : name
}

/** Events over time, on the axis that all cards share: a gap in one is seen against the others. */
function Curve({ artifact, span }: { artifact: Artifact; span: Span | null }) {
  const { spark } = artifact
  const most = Math.max(1, ...(spark?.counts ?? []))
  const wide = span ? span.to - span.from || 1 : 1
  const start = spark ? parseTime(spark.start) : 0
  return (
    <svg viewBox={`0 0 ${WIDE} ${HIGH}`} preserveAspectRatio="none" aria-hidden className="mt-3 h-8.5 w-full">
      <rect y={HIGH - 1} width={WIDE} height="1" fill="var(--line)" />
      {span &&
        spark?.counts.map((n, i) => {
          if (n === 0) return null
          const x = ((start + i * spark.step * 1000 - span.from) / wide) * WIDE
          const w = Math.max(1.5, ((spark.step * 1000) / wide) * WIDE - 0.5)
          const h = Math.max(1.5, Math.sqrt(n / most) * (HIGH - 4))
          return <rect key={i} x={x} y={HIGH - 1 - h} width={w} height={h} fill="var(--log)" />
        })}
    </svg>
  )
}
