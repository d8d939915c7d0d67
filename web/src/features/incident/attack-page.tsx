'use client'
import { useMemo, useState } from 'react'
import { Blank } from '@/components/ui/states'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { EvidenceDrawer } from './drawer'
import type { Report, ReportSchemas } from './report'
import { litTechniques, techniqueTimes } from './step'
import { StepBar, useStep } from './step-bar'
import { columnsOf } from './step-matrix'
import { tellStory } from './story'

type Technique = ReportSchemas['Technique']

/** Most of what is found is between a third and two thirds sure: that stretch gets most of the colours. */
const heatOf = (confidence: number) => Math.round(Math.max(8, Math.min(1, (confidence - 0.2) / 0.75) * 30))
const heatColour = (share: number) => `color-mix(in oklch, var(--act-high) ${share}%, var(--raised))`

/** The matrix as a heat map of confidence; only tactics with something in them take room. */
export function AttackPage({ incident, report }: { incident: string; report: Report }) {
  const [open, setOpen] = useState<{ technique: Technique; at: number } | null>(null)
  const story = useMemo(() => tellStory(report), [report])
  const step = useStep(story)
  const times = useMemo(() => techniqueTimes(report, story), [report, story])
  const columns = useMemo(() => columnsOf(report.techniques), [report])
  if (!columns.length) return <Blank title={say.attack.none} />
  const event = open?.technique.evidence[open.at]
  const lit = step.at === null ? null : litTechniques(times, step.at, step.entry)
  const shade = (one: Technique) => {
    const share = heatOf(one.confidence)
    if (!lit) return share
    return lit.now.has(one.id) ? 38 : lit.lit.has(one.id) ? share : 0
  }
  return (
    <div className="relative flex h-full min-h-0">
      <div className="flex min-w-0 flex-1 flex-col">
        <div className="min-h-0 flex-1 overflow-auto p-5" tabIndex={0} aria-label={say.attack.label} role="region">
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
                        style={{ background: heatColour(shade(one)) }}
                        data-lit={lit ? (lit.now.has(one.id) ? 'now' : lit.lit.has(one.id)) : undefined}
                        className="w-full rounded-lg px-3 py-2 text-left transition-[background-color,opacity] duration-200 ring-inset hover:ring-1 hover:ring-act-high aria-pressed:ring-2 aria-pressed:ring-accent data-[lit=false]:border-dashed data-[lit=false]:*:text-ink-3 data-[lit=now]:ring-2 data-[lit=now]:ring-accent data-[lit=now]:*:text-ink"
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
        <p className="flex items-center gap-2 px-5 pb-2 text-2xs text-ink-3">
          {say.attack.legend}
          {[0.35, 0.65, 0.95].map((sure) => (
            <span key={sure} className="flex items-center gap-1 tabular-nums">
              <span
                aria-hidden
                className="size-3 rounded-xs ring-1 ring-line"
                style={{ background: heatColour(heatOf(sure)) }}
              />
              {Math.round(sure * 100)} %
            </span>
          ))}
        </p>
        <StepBar step={step} />
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
