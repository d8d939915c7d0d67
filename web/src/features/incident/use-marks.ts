'use client'
/** What stands on the axis, and under a search only what rests on a record that meets it. */
import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { actionsQuery } from '@/features/actions/queries'
import { useTalked } from '@/features/comments/use-talk'
import type { Grouping } from '@/features/timeline/engine/lanes'
import type { Mark } from '@/features/timeline/engine/marks'
import { markedQuery } from '@/features/timeline/marking'
import { api, bodyOf } from '@/lib/api/client'
import { useMay } from '@/lib/api/session'
import { parseTime } from '@/lib/time'
import { actionMarks, findingMarks, hiddenLayers, meeting, pinMarks, recordsOf, shownMarks, talkMarks } from './layers'
import type { Report } from './report'
import { marksOf, type Story } from './story'

/** Of these events the times of those that meet a search. */
const amongQuery = (key: string, q: string, events: string[]) =>
  queryOptions({
    queryKey: ['among', key, q, events],
    queryFn: async ({ signal }) => {
      const params = { path: { key } }
      const found = await bodyOf(api.POST('/v1/incidents/{key}/events/among', { params, body: { q, events }, signal }))
      return new Map(found.items.map((one) => [one.id, parseTime(one.time)]))
    },
    enabled: events.length > 0,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  })

/** The story, what rules found, the board, what people marked and talked of; less what is switched off (`unsought`) or not sought. */
export function useMarks(
  incident: string,
  report: Report,
  story: Story,
  { by, q, hide }: { by: Grouping; q: string; hide: string | null },
): { marks: Mark[]; unsought: Mark[] } {
  const reads = useMay('action:read')
  const actions = useQuery({ ...actionsQuery(incident), enabled: reads }).data
  const marked = useQuery(markedQuery(incident)).data
  const talked = useTalked(incident)
  const spoken = useMemo(() => [...talked.keys()].sort(), [talked])
  const when = useQuery(amongQuery(incident, '', spoken)).data
  const found = useMemo(() => findingMarks(report), [report])
  const all = useMemo(() => {
    const [ours, pins] = [actionMarks(incident, actions ?? [], report), pinMarks(marked ?? [])]
    return [...marksOf(story, by), ...found, ...ours, ...pins, ...talkMarks(talked, when)].sort(
      (a, b) => a.time - b.time,
    )
  }, [story, by, found, incident, actions, report, marked, talked, when])
  const records = useMemo(() => (q ? recordsOf(all) : []), [q, all])
  const met = useQuery({ ...amongQuery(incident, q, records), enabled: records.length > 0 }).data
  const unsought = useMemo(() => shownMarks(all, hiddenLayers(hide)), [all, hide])
  const marks = useMemo(() => (q && met ? meeting(unsought, met) : unsought), [q, met, unsought])
  return { marks, unsought }
}
