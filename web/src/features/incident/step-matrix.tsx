'use client'
import { memo } from 'react'
import { say } from '@/lib/strings'
import type { ReportSchemas } from './report'
import type { Lit } from './step'

type Technique = ReportSchemas['Technique']
const ORDER = Object.keys(say.attack.tactics)

/** Techniques by tactic in the order of an attack, the surest first. */
export function columnsOf(techniques: readonly Technique[]): [string, Technique[]][] {
  const found = new Map<string, Technique[]>()
  for (const one of techniques) for (const tactic of one.tactics) found.set(tactic, [...(found.get(tactic) ?? []), one])
  const place = (tactic: string) => (ORDER.includes(tactic) ? ORDER.indexOf(tactic) : ORDER.length)
  return [...found]
    .map(([tactic, some]): [string, Technique[]] => [tactic, some.sort((a, b) => b.confidence - a.confidence)])
    .sort(([a], [b]) => place(a) - place(b))
}

/** The matrix small: a row for each tactic, a cell for each technique, lit once it was seen. */
export const StepMatrix = memo(function StepMatrix({ techniques, lit }: { techniques: Technique[]; lit: Lit | null }) {
  return (
    <ul aria-label={say.attack.label} className="flex flex-col gap-1">
      {columnsOf(techniques).map(([tactic, some]) => {
        const seen = lit ? some.filter((one) => lit.lit.has(one.id)).length : some.length
        return (
          <li key={tactic} className="flex items-center gap-2">
            <span className={`w-30 shrink-0 truncate text-xs ${seen ? 'text-ink-2' : 'text-ink-3'}`}>
              {say.attack.tactics[tactic] ?? tactic}
            </span>
            <span className="flex min-w-0 flex-1 flex-wrap gap-1">
              {some.map((one) => {
                const now = lit?.now.has(one.id) ?? false
                const on = !lit || lit.lit.has(one.id)
                const strength = Math.round(35 + one.confidence * 55)
                return (
                  <span
                    key={one.id}
                    title={`${one.id} ${one.name}`}
                    className={`h-3 w-5 rounded-[3px] transition-[background-color,box-shadow] duration-200 ${now ? 'ring-2 ring-accent' : ''}`}
                    style={{
                      background: on
                        ? `color-mix(in oklch, var(--act-high) ${now ? 100 : strength}%, var(--raised))`
                        : 'var(--lifted)',
                    }}
                  />
                )
              })}
            </span>
            <span className="w-7 shrink-0 text-right text-2xs text-ink-3 tabular-nums">
              {seen}/{some.length}
            </span>
          </li>
        )
      })}
    </ul>
  )
})
