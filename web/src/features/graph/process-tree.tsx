'use client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Sign } from '@/components/glyphs'
import { Blank, Trouble, Waiting } from '@/components/ui/states'
import { EvidenceText } from '@/components/value'
import { plainLine } from '@/lib/evidence'
import { useZone } from '@/lib/preferences'
import { say } from '@/lib/strings'
import { clockText, parseTime, stampText, zoneName } from '@/lib/time'
import { processesQuery } from './queries'
import { inStory, treeOf, type Branch } from './tree'

interface Props {
  incident: string
  host: string
  onEvidence: (events: string[]) => void
}

const MOST_DEEP = 12
const INDENT = 22

/** What ran on a host and what started it; warm is what the story tells of. */
export function ProcessTree({ incident, host, onEvidence }: Props) {
  const [zone] = useZone()
  const [all, setAll] = useState(false)
  const found = useQuery(processesQuery(incident, host))
  if (!host) return <Blank title={say.graph.noHosts} />
  if (found.isPending) return <Waiting />
  if (found.isError) return <Trouble error={found.error} again={() => void found.refetch()} />
  const { items, total } = found.data
  if (!items.length) return <Blank title={say.graph.noProcesses} />
  const hostile = items.some(inStory)
  const branches = treeOf(items, hostile && !all)
  return (
    <div className="flex h-full flex-col">
      <p className="flex shrink-0 items-center gap-3 px-5 py-2 text-xs text-ink-3 tabular-nums">
        {say.graph.some(branches.length, total)}
        <span>{say.graph.timesIn(zoneName(zone))}</span>
        {hostile && (
          <label className="flex items-center gap-1.5 text-ink-2">
            <input
              type="checkbox"
              className="size-3.5 accent-[var(--accent)]"
              checked={!all}
              onChange={(event) => setAll(!event.target.checked)}
            />
            {say.graph.story}
          </label>
        )}
      </p>
      <ul className="min-h-0 flex-1 overflow-y-auto px-3 pb-4" aria-label={say.graph.views.processes}>
        {branches.map((branch) => (
          <Row key={branch.process.key} branch={branch} onEvidence={onEvidence} />
        ))}
      </ul>
    </div>
  )
}

function Row({ branch: { process, depth }, onEvidence }: { branch: Branch; onEvidence: Props['onEvidence'] }) {
  const [zone] = useZone()
  const start = process.start ? parseTime(process.start) : null
  const told = inStory(process)
  return (
    <li className="[contain-intrinsic-size:auto_32px] [content-visibility:auto]">
      <button
        type="button"
        disabled={!process.evidence.length}
        onClick={() => onEvidence(process.evidence)}
        title={process.acts.map((act) => plainLine(act)).join('\n')}
        className="flex w-full items-baseline gap-3 rounded-lg px-2 py-1.5 text-left hover:bg-lifted"
      >
        <span
          className="w-16 shrink-0 text-2xs text-ink-3 tabular-nums"
          title={start === null ? undefined : `${stampText(start, zone)} ${zoneName(zone, start)}`}
        >
          {start === null ? '' : clockText(start, zone)}
        </span>
        <span
          className="flex shrink-0 items-baseline gap-2 text-[13px] font-[560]"
          style={{ paddingLeft: Math.min(depth, MOST_DEEP) * INDENT }}
        >
          {depth > 0 && (
            <span aria-hidden className="text-ink-3">
              └
            </span>
          )}
          <Sign
            glyph={told ? 'act' : 'log'}
            severity={process.techniques.length ? 'high' : 'low'}
            className="size-3 self-center"
          />
          <EvidenceText text={process.name} />
          <span className="text-2xs font-[440] text-ink-3 tabular-nums">{process.pid}</span>
        </span>
        <span className="min-w-0 flex-1 truncate font-mono text-xs text-ink-2">
          {plainLine(process.command_line, 300)}
        </span>
        <span className="shrink-0 font-mono text-2xs text-act-medium">{process.techniques.join(' ')}</span>
        <span className="max-w-44 shrink-0 truncate text-2xs text-ink-3">{plainLine(process.user, 60)}</span>
      </button>
    </li>
  )
}
