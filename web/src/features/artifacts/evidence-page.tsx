'use client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { Button } from '@/components/ui/button'
import { inputLook } from '@/components/ui/field'
import { Blank, Trouble, Waiting } from '@/components/ui/states'
import { useMay } from '@/lib/api/session'
import { useZone } from '@/lib/preferences'
import { say } from '@/lib/strings'
import { parseTime, stampText, zoneName } from '@/lib/time'
import { ChooseEvidence } from '../uploads/drop'
import type { Found } from '../uploads/collect'
import { ArtifactCard } from './artifact-card'
import { ArtifactDrawer } from './artifact-drawer'
import { artifactsQuery } from './queries'

/** All that was handed in and what came out of it, each with its own curve on one shared time axis. */
export function EvidencePage({ incident, onFiles }: { incident: string; onFiles: (found: Found[]) => Promise<void> }) {
  const may = useMay('evidence:write')
  const found = useInfiniteQuery(artifactsQuery(incident))
  const [zone] = useZone()
  const [find, setFind] = useState('')
  const [open, setOpen] = useState<string | null>(null)
  const artifacts = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data])
  const span = useMemo(() => {
    const times = artifacts
      .flatMap((one) => [one.parsed.first_time, one.parsed.last_time])
      .filter((time) => time !== null)
    const ms = times.map(parseTime)
    return ms.length ? { from: Math.min(...ms), to: Math.max(...ms) } : null
  }, [artifacts])
  const shown = artifacts.filter((one) =>
    `${one.name} ${one.format} ${one.sha256}`.toLowerCase().includes(find.toLowerCase()),
  )
  const opened = artifacts.find((one) => one.sha256 === open)
  if (found.isPending) return <Waiting />
  if (found.isError) return <Trouble error={found.error} again={() => void found.refetch()} />
  if (!artifacts.length) {
    return (
      <Blank title={say.incident.noEvidence} about={say.incident.noEvidenceAbout}>
        {may && <ChooseEvidence kind="main" onFiles={onFiles} />}
      </Blank>
    )
  }
  return (
    <div className="flex h-full min-h-0">
      <div className="flex min-w-0 flex-1 flex-col">
        <div className="flex items-center gap-2 px-5 pt-4 pb-3">
          <input
            type="search"
            data-search
            aria-label={say.artifacts.find}
            placeholder={say.artifacts.find}
            value={find}
            onChange={(event) => setFind(event.target.value)}
            className={`${inputLook} h-8 max-w-72`}
          />
          <span role="status" className="shrink-0 text-xs text-ink-3 tabular-nums">
            {say.artifacts.count(shown.length)}
          </span>
          <span className="mr-auto min-w-0 truncate pl-3 text-xs text-ink-3 tabular-nums">
            {span &&
              say.artifacts.axis(
                `${stampText(span.from, zone, false)} → ${stampText(span.to, zone, false)} ${zoneName(zone, span.to)}`,
              )}
          </span>
          {may && <ChooseEvidence onFiles={onFiles} />}
        </div>
        <div className="min-h-0 flex-1 overflow-y-auto px-5 pb-8">
          <ul className="grid grid-cols-[repeat(auto-fill,minmax(310px,1fr))] gap-3">
            {shown.map((one) => (
              <li key={one.sha256}>
                <ArtifactCard
                  artifact={one}
                  span={span}
                  open={one.sha256 === open}
                  onOpen={() => setOpen(one.sha256)}
                />
              </li>
            ))}
          </ul>
          {found.hasNextPage && (
            <Button
              className="mx-auto mt-4 flex"
              disabled={found.isFetchingNextPage}
              onClick={() => void found.fetchNextPage()}
            >
              {say.artifacts.more}
            </Button>
          )}
        </div>
      </div>
      {opened && (
        <ArtifactDrawer key={opened.sha256} incident={incident} artifact={opened} onClose={() => setOpen(null)} />
      )}
    </div>
  )
}
