'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Button } from '@/components/ui/button'
import { Blank } from '@/components/ui/states'
import { tell } from '@/components/ui/notices'
import { api, bodyOf } from '@/lib/api/client'
import { useMay } from '@/lib/api/session'
import { say } from '@/lib/strings'
import { RunProgress } from '../incidents/run-progress'
import { incidentQuery, type Run } from '../incidents/queries'
import type { Found } from '../uploads/collect'
import { ChooseEvidence, useUploads } from '../uploads/drop'

const UNDER_WAY = new Set(['waiting', 'sending'])

/** What stands where the story will: the run that makes it, or a way to start one. */
export function NotAnalysed({
  incidentKey,
  latest,
  onFiles,
}: {
  incidentKey: string
  latest: Run | undefined
  onFiles: (found: Found[]) => Promise<void>
}) {
  const queries = useQueryClient()
  const may = useMay('run:write')
  const mayHandIn = useMay('evidence:write')
  const incident = useQuery(incidentQuery(incidentKey))
  const coming = useUploads().some((one) => one.incident === incidentKey && UNDER_WAY.has(one.state))
  const start = useMutation({
    mutationFn: () =>
      bodyOf(api.POST('/v1/incidents/{key}/runs', { params: { path: { key: incidentKey } }, body: {} })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['runs'] }),
    onError: (error) => tell(error.message, true),
  })
  if (latest && (latest.state === 'queued' || latest.state === 'running')) {
    return (
      <Blank title={say.incident.analysing}>
        <RunProgress run={latest} />
      </Blank>
    )
  }
  if (coming) return <Blank title={say.incident.coming} about={say.incident.comingAbout} />
  if (incident.data?.evidence.length === 0) {
    return (
      <Blank title={say.incident.noEvidence} about={say.incident.noEvidenceAbout}>
        {mayHandIn && <ChooseEvidence kind="main" onFiles={onFiles} />}
      </Blank>
    )
  }
  const failed = latest?.state === 'failed' ? (latest.error ?? '') : ''
  return (
    <Blank title={say.incident.noRun} about={failed || say.incident.noRunAbout}>
      {may && (
        <Button kind="main" disabled={start.isPending} onClick={() => start.mutate()}>
          {say.incident.analyse}
        </Button>
      )}
    </Blank>
  )
}
