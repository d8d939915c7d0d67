'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Copy, Download, ShieldCheck, X } from 'lucide-react'
import { Tabs } from 'radix-ui'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { tell } from '@/components/ui/notices'
import { Trouble, Waiting } from '@/components/ui/states'
import { EvidenceText } from '@/components/value'
import { useNameOf } from '@/lib/api/members'
import { useMay } from '@/lib/api/session'
import { plainLine } from '@/lib/evidence'
import { useZone } from '@/lib/preferences'
import { say } from '@/lib/strings'
import { offsetText, parseTime, stampText, zoneName } from '@/lib/time'
import { Bytes } from './bytes'
import { HoldForm } from './hold-form'
import { custodyQuery, errorsQuery, offsetOf, sizeText, verifyArtifact, type Artifact } from './queries'
import { grouped } from '@/lib/grouped'

/** One artifact: what it is and whether it still is that, who had it, what could not be read, its very bytes. */
export function ArtifactDrawer({
  incident,
  artifact,
  onClose,
}: {
  incident: string
  artifact: Artifact
  onClose: () => void
}) {
  const queries = useQueryClient()
  const mayHold = useMay('incident:restrict')
  const [tab, setTab] = useState('about')
  const [at, setAt] = useState(0)
  const lookAt = (offset: number) => {
    setAt(offset)
    setTab('bytes')
  }
  const verify = useMutation({
    mutationFn: () => verifyArtifact(incident, artifact.sha256),
    onSettled: () => queries.invalidateQueries({ queryKey: ['custody', incident, artifact.sha256] }),
    onError: (error) => tell(error.message, true),
  })
  const copy = () => void navigator.clipboard.writeText(artifact.sha256).then(() => tell(say.copied))
  const href = `/v1/incidents/${encodeURIComponent(incident)}/artifacts/${artifact.sha256}/download`
  return (
    <aside
      data-drawer
      aria-label={say.evidence.artifact}
      className="flex h-full w-[460px] shrink-0 slide-in flex-col bg-raised"
    >
      <header className="flex items-start gap-2 py-3 pr-2 pl-4">
        <h2 className="min-w-0 flex-1 text-[13px] font-[600] [overflow-wrap:anywhere]">
          <EvidenceText text={artifact.name} />
        </h2>
        <Button kind="bare" size="icon" aria-label={say.close} onClick={onClose}>
          <X size={15} />
        </Button>
      </header>
      <div className="flex flex-wrap items-center gap-1.5 px-4 pb-3">
        <Button size="s" onClick={() => verify.mutate()} disabled={verify.isPending}>
          <ShieldCheck size={13} /> {verify.isPending ? say.artifacts.verifying : say.artifacts.verify}
        </Button>
        <Button size="s" onClick={copy}>
          <Copy size={13} /> {say.evidence.sha256}
        </Button>
        <a
          href={href}
          download
          className="inline-flex h-7 items-center gap-1.5 rounded-md bg-lifted px-2 text-xs font-[540] hover:bg-line"
        >
          <Download size={13} /> {say.artifacts.download}
        </a>
        {verify.data && (
          <p role="status" className={`w-full text-xs ${verify.data.intact ? 'text-ok' : 'text-act-critical'}`}>
            {verify.data.intact ? `✓ ${say.artifacts.intact}` : `✕ ${verify.data.reason ?? say.artifacts.broken}`}
          </p>
        )}
      </div>
      <Tabs.Root value={tab} onValueChange={setTab} className="flex min-h-0 flex-1 flex-col">
        <Tabs.List className="flex gap-4 border-b px-4 text-xs" aria-label={say.evidence.artifact}>
          {(['about', 'bytes', 'problems', 'custody'] as const).map((tab) => (
            <Tabs.Trigger
              key={tab}
              value={tab}
              className="-mb-px h-8 border-b-2 border-transparent font-[540] text-ink-3 hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink"
            >
              {say.artifacts.tabs[tab]}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <Tabs.Content value="about" tabIndex={0} className="min-h-0 flex-1 overflow-y-auto px-4 py-3">
          <About artifact={artifact} />
          {mayHold && artifact.lock && (
            <div className="mt-3">
              <HoldForm key={artifact.sha256} incident={incident} artifact={artifact} />
            </div>
          )}
        </Tabs.Content>
        <Tabs.Content value="bytes" tabIndex={0} className="min-h-0 flex-1 overflow-auto px-4 py-3 evidence">
          <Bytes key={at} incident={incident} artifact={artifact} from={at} />
        </Tabs.Content>
        <Tabs.Content value="problems" tabIndex={0} className="min-h-0 flex-1 overflow-y-auto px-4 py-3">
          <Problems incident={incident} artifact={artifact} onPlace={lookAt} />
        </Tabs.Content>
        <Tabs.Content value="custody" tabIndex={0} className="min-h-0 flex-1 overflow-y-auto px-4 py-3">
          <Custody incident={incident} artifact={artifact} />
        </Tabs.Content>
      </Tabs.Root>
    </aside>
  )
}

function About({ artifact }: { artifact: Artifact }) {
  const [zone] = useZone()
  const at = (time: string | null) =>
    time ? `${stampText(parseTime(time), zone)} ${zoneName(zone, parseTime(time))}` : '–'
  const { parsed, lock } = artifact
  const clocks = parsed.clocks.map(
    (clock) =>
      `${clock.source}: ${say.evidence.clocked(clock.method, clock.offset_s ? offsetText(clock.offset_s) : '')}`,
  )
  const rows: [string, string][] = [
    [say.evidence.sha256, artifact.sha256],
    [say.artifacts.size, `${sizeText(artifact.size)} (${grouped(artifact.size)} B)`],
    [say.artifacts.format, [artifact.format, artifact.media_type].filter(Boolean).join(' · ')],
    [say.artifacts.from, artifact.received_from],
    [say.artifacts.received, at(artifact.received_at)],
    [say.artifacts.read, say.artifacts.sum(parsed.records, parsed.events, parsed.errors, parsed.skips)],
    [say.artifacts.span, `${at(parsed.first_time)} → ${at(parsed.last_time)}`],
    [say.evidence.clock, clocks.join('\n') || '–'],
    [
      say.artifacts.lock,
      lock
        ? [lock.legal_hold ? say.artifacts.hold : '', lock.retain_until ? at(lock.retain_until) : '']
            .filter(Boolean)
            .join(' · ') || '–'
        : '–',
    ],
  ]
  return (
    <dl className="flex flex-col gap-3">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt className="text-2xs text-ink-3">{name}</dt>
          <dd className="text-xs [overflow-wrap:anywhere] whitespace-pre-line text-ink-2 tabular-nums">
            <EvidenceText text={value} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Problems({
  incident,
  artifact,
  onPlace,
}: {
  incident: string
  artifact: Artifact
  onPlace: (offset: number) => void
}) {
  const found = useQuery(errorsQuery(incident, artifact.sha256))
  if (found.isError) return <Trouble error={found.error} />
  if (found.isPending) return <Waiting />
  if (!found.data.total) return <p className="text-xs text-ink-3">{say.artifacts.allRead}</p>
  return (
    <ul className="flex flex-col gap-2">
      {found.data.items.map((one, i) => (
        <li key={i} className="text-xs">
          <Place locator={one.locator} onPlace={onPlace} />
          <p className="[overflow-wrap:anywhere] text-ink-2">
            <EvidenceText text={one.reason} />
          </p>
        </li>
      ))}
    </ul>
  )
}

/** Where it is; a place that is a number of bytes leads to these bytes. */
function Place({ locator, onPlace }: { locator: string; onPlace: (offset: number) => void }) {
  const offset = offsetOf(locator)
  if (offset === null) return <span className="font-mono text-ink-3">{locator || say.notSet}</span>
  return (
    <button
      type="button"
      onClick={() => onPlace(offset)}
      className="min-h-6 font-mono text-ink-2 underline decoration-dotted underline-offset-2 hover:text-ink"
    >
      {locator}
    </button>
  )
}

function Custody({ incident, artifact }: { incident: string; artifact: Artifact }) {
  const [zone] = useZone()
  const nameOf = useNameOf()
  const found = useQuery(custodyQuery(incident, artifact.sha256))
  if (found.isError) return <Trouble error={found.error} />
  if (found.isPending) return <Waiting />
  return (
    <ol className="flex flex-col gap-3">
      {found.data.map((one) => (
        <li key={one.id} className="text-xs">
          <p className="font-[560]">{say.artifacts.acts[one.act] ?? one.act}</p>
          <p className="text-ink-3 tabular-nums">
            {stampText(parseTime(one.at), zone, false)} {zoneName(zone)} · {plainLine(nameOf(one.actor), 120)}
          </p>
          {Object.entries(one.detail).length > 0 && (
            <p className="font-mono text-2xs [overflow-wrap:anywhere] text-ink-3">
              {Object.entries(one.detail)
                .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
                .map((text) => plainLine(text, 300))
                .join(' · ')}
            </p>
          )}
        </li>
      ))}
    </ol>
  )
}
