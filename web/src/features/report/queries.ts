/** The report as people edit it: versions, claims, the gate. */
import { queryOptions } from '@tanstack/react-query'
import { api, bodyOf, type Schemas } from '@/lib/api/client'

export type ReportVersion = Schemas['ReportOut']
export type ReportClaim = Schemas['ClaimOut']
export type Refused = Schemas['RefusedOut']
export type Checked = Schemas['Checked']

export const versionsQuery = (key: string) =>
  queryOptions({
    queryKey: ['report-versions', key],
    queryFn: async ({ signal }) =>
      (await bodyOf(api.GET('/v1/incidents/{key}/reports', { params: { path: { key } }, signal }))).items,
  })

export const versionQuery = (key: string, version: number) =>
  queryOptions({
    queryKey: ['report-version', key, version],
    queryFn: ({ signal }) =>
      bodyOf(api.GET('/v1/incidents/{key}/reports/{version}', { params: { path: { key, version } }, signal })),
    enabled: version > 0,
  })

export type Verdict = 'accept' | 'undo' | { reject: string } | { edit: string; own: boolean }

/** Decide on a claim. Its entity tag goes along: nobody's word is written over. */
export function decide(key: string, version: number, claim: ReportClaim, verdict: Verdict) {
  const params = { path: { key, version, claim_id: claim.id }, header: { 'If-Match': claim.etag } }
  const at = '/v1/incidents/{key}/reports/{version}/claims/{claim_id}' as const
  if (verdict === 'accept') return bodyOf(api.POST(`${at}/accept`, { params }))
  if (verdict === 'undo') return bodyOf(api.POST(`${at}/undo`, { params }))
  if ('reject' in verdict) return bodyOf(api.POST(`${at}/reject`, { params, body: { reason: verdict.reject } }))
  return bodyOf(api.PATCH(at, { params, body: { text: verdict.edit, as_analyst_word: verdict.own } }))
}

export type Step = 'submit' | 'return' | 'approve' | 'publish'

export function stepReport(key: string, report: ReportVersion, step: Step) {
  const params = { path: { key, version: report.version }, header: { 'If-Match': report.etag } }
  return bodyOf(api.POST(`/v1/incidents/{key}/reports/{version}/${step}`, { params }))
}

/** What the gate says of a sentence that stands where a claim stood. */
export const checkQuery = (key: string, version: number, claim: ReportClaim, text: string) =>
  queryOptions({
    queryKey: ['gate', key, version, claim.id, claim.etag, text],
    queryFn: ({ signal }) =>
      bodyOf(
        api.POST('/v1/incidents/{key}/reports/{version}/check', {
          params: { path: { key, version } },
          body: { text, kind: claim.kind, evidence: claim.evidence, claim: claim.id },
          signal,
        }),
      ),
    staleTime: 60_000,
    enabled: text.trim() !== '',
  })

export type VersionShort = Schemas['VersionOut']
export type ReportDiff = Schemas['ReportDiff']
export type ClaimChange = Schemas['ClaimChange']
export type FactChange = Schemas['FactChange']

const MOST_PAGES = 5
const PAGE = 200

/** Names of what a version found, by the ids that a difference lists. */
export const foundNamesQuery = (key: string, version: number) =>
  queryOptions({
    queryKey: ['found-names', key, version],
    queryFn: async ({ signal }) => {
      const names = new Map<string, string>()
      let cursor: string | undefined
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const params = { path: { key }, query: { version, limit: PAGE, cursor } }
        const found = await bodyOf(api.GET('/v1/incidents/{key}/entities', { params, signal }))
        for (const one of found.items) names.set(one.id, `${one.type} ${one.value}`)
        if (!found.next) break
        cursor = found.next
      }
      const params = { path: { key }, query: { version, limit: PAGE } }
      const techniques = await bodyOf(api.GET('/v1/incidents/{key}/techniques', { params, signal }))
      for (const one of techniques.items) names.set(one.id, `${one.id} ${one.name}`)
      return names
    },
    staleTime: 5 * 60_000,
  })

export const diffQuery = (key: string, from: number, to: number) =>
  queryOptions({
    queryKey: ['report-version', key, 'diff', from, to],
    queryFn: ({ signal }) =>
      bodyOf(api.GET('/v1/incidents/{key}/reports/diff', { params: { path: { key }, query: { from, to } }, signal })),
  })
