import type { SVGProps } from 'react'
import type { Glyph, Severity } from '@/features/timeline/engine/marks'
import { cn } from '@/lib/cn'

const SHAPES: Record<Glyph, string> = {
  act: 'M8 1.5 13.2 8 8 14.500 2.800 8z',
  ours: 'M3 3h10v10H3z',
  said: 'M2 3.500h12v7.500H7l-3.200 3V11H2z',
  asset: 'M8 2.800a5.200 5.200 0 1 0 0 10.400A5.200 5.200 0 0 0 8 2.800z',
  log: 'M8 5.200a2.800 2.800 0 1 0 0 5.600A2.800 2.800 0 0 0 8 5.200z',
  found: 'M8 2.500 12.400 8 8 13.500 3.600 8z',
  rare: 'M8 3.200 13 12.500H3z',
  talk: 'M2.500 3.500h11v7.500H7l-3 3V11H2.500z',
  pin: 'M4 1.500h1.500v13H4zM6.500 2l7.500 3.200-7.500 3.300z',
}
export const ACT_TEXT: Record<Severity, string> = {
  low: 'text-act-low',
  medium: 'text-act-medium',
  high: 'text-act-high',
  critical: 'text-act-critical',
}
const HOLLOW = new Set<Glyph>(['found', 'rare', 'talk'])
const TEXT: Record<Exclude<Glyph, 'act' | 'found'>, string> = {
  ours: 'text-ours',
  said: 'text-said',
  asset: 'text-asset',
  log: 'text-log',
  rare: 'text-act-low',
  pin: 'text-accent',
  talk: 'text-accent',
}

/** A thing of the incident, as it always looks. */
export function Sign({
  glyph,
  severity = 'medium',
  className,
  ...rest
}: {
  glyph: Glyph
  severity?: Severity
} & SVGProps<SVGSVGElement>) {
  const colour = glyph === 'act' || glyph === 'found' ? ACT_TEXT[severity] : TEXT[glyph]
  return (
    <svg viewBox="0 0 16 16" aria-hidden className={cn('size-3.5 shrink-0', colour, className)} {...rest}>
      {HOLLOW.has(glyph) ? (
        <path d={SHAPES[glyph]} fill="none" stroke="currentColor" strokeWidth="1.6" />
      ) : (
        <path d={SHAPES[glyph]} fill="currentColor" />
      )}
    </svg>
  )
}

export type Standing = 'verified' | 'inferred' | 'unknown' | 'rejected'

/** What is known of a claim: ● fact verified, ◐ inference, ○ unknown, ✕ rejected. */
export function ClaimSign({ standing, className }: { standing: Standing; className?: string }) {
  return (
    <svg
      viewBox="0 0 16 16"
      aria-hidden
      className={cn('size-3.5 shrink-0', className)}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
    >
      {standing === 'rejected' ? (
        <path d="m4 4 8 8M12 4l-8 8" strokeWidth="1.8" strokeLinecap="round" />
      ) : (
        <circle cx="8" cy="8" r="5.200" fill={standing === 'verified' ? 'currentColor' : 'none'} />
      )}
      {standing === 'inferred' && <path d="M8 2.800a5.200 5.200 0 0 0 0 10.400z" fill="currentColor" stroke="none" />}
    </svg>
  )
}
