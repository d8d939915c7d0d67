'use client'
import { useMemo, useState } from 'react'
import { Blank } from '@/components/ui/states'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { EvidenceDrawer } from './drawer'
import type { Report, ReportSchemas } from './report'
import { tellStory } from './story'

type Technique = ReportSchemas['Technique']
const ORDER = Object.keys(say.attack.tactics)

/** The matrix as a heat map of confidence; only tactics with something in them take room. */
export function AttackPage({ incident, report }: { incident: string; report: Report }) {
  const [open, setOpen] = useState<{ technique: Technique; at: number } | null>(null)
  const story = useMemo(() => tellStory(report), [report])
  const columns = useMemo(() => columnsOf(report.techniques), [report])
  if (!columns.length) return <Blank title={say.attack.none} />
  const event = open?.technique.evidence[open.at]
  return (
    <div className="flex h-full min-h-0">
      <div className="min-w-0 flex-1 overflow-auto p-5" tabIndex={0} aria-label={say.attack.label} role="region">
        <div className="flex min-w-max gap-2 xl:min-w-0">
          {columns.map(([tactic, techniques]) => (
            <section
              key={tactic}
              className="w-40 shrink-0 xl:w-auto xl:min-w-0 xl:flex-1"
              aria-label={say.attack.tactics[tactic] ?? tactic}
            >
              <h2 className="mb-2 flex items-baseline gap-2 text-xs font-[580]">
                <span className="truncate">{say.attack.tactics[tactic] ?? tactic}</span>
                <span className="text-ink-3 tabular-nums">{techniques.length}</span>
              </h2>
              <ul className="flex flex-col gap-1.5">
                {techniques.map((one) => (
                  <li key={one.id}>
                    <button
                      type="button"
                      aria-pressed={open?.technique.id === one.id}
                      title={plainLine(one.why)}
                      onClick={() => setOpen({ technique: one, at: 0 })}
                      style={{
                        background: `color-mix(in oklch, var(--act-high) ${Math.round(one.confidence * 30)}%, var(--raised))`,
                      }}
                      className="w-full rounded-lg px-3 py-2 text-left ring-inset hover:ring-1 hover:ring-act-high aria-pressed:ring-2 aria-pressed:ring-accent"
                    >
                      <span className="flex justify-between text-2xs text-ink-2 tabular-nums">
                        <span className="font-mono">{one.id}</span>
                        <span aria-label={say.attack.confidence(one.confidence)}>
                          {Math.round(one.confidence * 100)} %
                        </span>
                      </span>
                      <span className="block text-[13px] leading-4.5 font-[540] text-pretty [overflow-wrap:anywhere]">
                        {one.name}
                      </span>
                    </button>
                  </li>
                ))}
              </ul>
            </section>
          ))}
        </div>
      </div>
      {open && event && (
        <EvidenceDrawer
          incident={incident}
          events={open.technique.evidence}
          at={open.at}
          claims={story.claimsOf.get(event) ?? []}
          onTurn={(at) => setOpen({ ...open, at })}
          onClose={() => setOpen(null)}
        />
      )}
    </div>
  )
}

function columnsOf(techniques: Technique[]): [string, Technique[]][] {
  const found = new Map<string, Technique[]>()
  for (const one of techniques) for (const tactic of one.tactics) found.set(tactic, [...(found.get(tactic) ?? []), one])
  const place = (tactic: string) => (ORDER.includes(tactic) ? ORDER.indexOf(tactic) : ORDER.length)
  return [...found]
    .map(([tactic, some]): [string, Technique[]] => [tactic, some.sort((a, b) => b.confidence - a.confidence)])
    .sort(([a], [b]) => place(a) - place(b))
}
