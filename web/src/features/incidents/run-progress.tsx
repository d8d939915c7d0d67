'use client'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { listen } from '@/lib/live'
import { say } from '@/lib/strings'
import type { Run } from './queries'

const STAGES = ['collect', 'timeline', 'forensic', 'report', 'export'] as const

interface Progress {
  stage: string
  state: string
  done?: number
  total?: number
  note?: string
}

/** A run's stages as they happen, over server-sent events; a lost line goes on where it broke. */
export function RunProgress({ run }: { run: Run }) {
  const queries = useQueryClient()
  const [now, setNow] = useState<Progress>({ stage: run.step.split('/')[0] || 'collect', state: run.state })
  useEffect(() => {
    const path = `/v1/runs/${encodeURIComponent(run.id)}/events?after=${Math.max(0, run.last_event - 1)}`
    const heard = (event: MessageEvent<string>) => {
      const told = JSON.parse(event.data) as Progress
      setNow(told)
      if (told.stage === 'run' && ['done', 'failed', 'cancelled'].includes(told.state)) {
        leave()
        void queries.invalidateQueries({ queryKey: ['runs'] })
      }
    }
    const kinds = ['queued', 'running', 'started', 'progress', 'done', 'failed', 'cancelled']
    const leave = listen(path, kinds, heard)
    return leave
  }, [queries, run.id, run.last_event])
  const at = STAGES.indexOf(now.stage as (typeof STAGES)[number])
  const share = now.total ? Math.min(1, (now.done ?? 0) / now.total) : now.state === 'done' ? 1 : 0
  return (
    <div className="w-[min(440px,80vw)]" role="status">
      <ol className="flex gap-1.5">
        {STAGES.map((stage, i) => (
          <li key={stage} className="flex-1">
            <div className="h-1 overflow-hidden rounded-full bg-lifted">
              <div
                className="h-1 rounded-full bg-accent transition-[width] duration-200"
                style={{ width: `${(i < at ? 1 : i === at ? share : 0) * 100}%` }}
              />
            </div>
            <span className={`mt-1.5 block text-2xs ${i <= at ? 'text-ink-2' : 'text-ink-3'}`}>
              {say.incidents.stages[stage]}
            </span>
          </li>
        ))}
      </ol>
      {now.note && <p className="mt-2 truncate font-mono text-2xs text-ink-3">{now.note}</p>}
    </div>
  )
}
