/** The latest analysis of an incident: its report.json, whole. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, bodyOf } from '@/lib/api/client'
import type { components } from '@/lib/api/report-schema'
import { REPORT, shownRun } from '../incidents/asked'
import { runsQuery, type Run } from '../incidents/queries'

export type ReportSchemas = components['schemas']
export type Report = ReportSchemas['ReportDocument']
export type Claim = ReportSchemas['Claim']
export type TimelineEntry = ReportSchemas['TimelineEntry']

const reportQuery = (run: string) =>
  queryOptions({
    queryKey: ['report', run],
    queryFn: async ({ signal }) => {
      const params = { path: { run_id: run, name: REPORT } }
      return (await bodyOf(
        api.GET('/v1/runs/{run_id}/outputs/{name}', { params, signal, parseAs: 'json' }),
      )) as unknown as Report
    },
    // What a run made never changes.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 30 * 60_000,
    enabled: run !== '',
  })

export interface Analysis {
  report: Report | undefined
  /** The run that made it, and the latest run of all. */
  run: Run | undefined
  latest: Run | undefined
  loading: boolean
  error: unknown
}

export function useAnalysis(key: string): Analysis {
  const runs = useQuery({ ...runsQuery(key), enabled: key !== '' })
  const run = runs.data && shownRun(runs.data)
  const report = useQuery(reportQuery(run?.id ?? ''))
  return {
    report: report.data,
    run,
    latest: runs.data?.[0],
    loading: runs.isPending || (run !== undefined && report.isPending),
    error: runs.error ?? report.error,
  }
}
