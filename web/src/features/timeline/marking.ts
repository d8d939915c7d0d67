'use client'
/** Pins, tags and notes: what people marked on events. */
import { queryOptions, useMutation, useQueryClient, type InfiniteData } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { tell } from '@/components/ui/notices'
import { api, bodyOf, type Schemas } from '@/lib/api/client'
import { useMay } from '@/lib/api/session'
import { say } from '@/lib/strings'
import type { EventRow, EventWhole } from './source'

export type Note = Schemas['NoteOut']
const MOST_MARKED = 500
const MARKED = 'pinned:true OR tag:*'
const SHOWN = 'host.name,user.name,process.name,process.executable,process.command_line,destination.ip,event.action'

/** How many events are pinned, and the tags there are. */
export const marksQuery = (key: string) =>
  queryOptions({
    queryKey: ['marks', key],
    queryFn: ({ signal }) => bodyOf(api.GET('/v1/incidents/{key}/events/marks', { params: { path: { key } }, signal })),
    staleTime: 30_000,
  })

/** The marked events themselves, for the axis. */
export const markedQuery = (key: string) =>
  queryOptions({
    queryKey: ['marked', key],
    queryFn: async ({ signal }) => {
      const query = { q: MARKED, limit: MOST_MARKED, order: 'oldest' as const, fields: SHOWN }
      const params = { path: { key }, query }
      return (await bodyOf(api.GET('/v1/incidents/{key}/events', { params, signal }))).items
    },
    staleTime: 30_000,
  })

export const notesQuery = (key: string, event: string) =>
  queryOptions({
    queryKey: ['notes', key, event],
    queryFn: async ({ signal }) => {
      const params = { path: { key, event_id: event }, query: { limit: 100 } }
      return (await bodyOf(api.GET('/v1/incidents/{key}/events/{event_id}/notes', { params, signal }))).items
    },
  })

/** What the API takes for a tag: no blanks, quotes, brackets, colons or wildcards; a leading # is how people write one. */
export function tagOf(text: string): string | null {
  const tag = text.trim().replace(/^#/, '').replace(/\s+/g, '-').toLowerCase()
  // eslint-disable-next-line no-control-regex -- as the API refuses them
  return /^[^\s\u0000-\u001f\u007f"():<>=[\]{}*?,/\\]{1,60}$/.test(tag) ? tag : null
}

type Marked = Pick<EventRow, 'id' | 'time'>
type Marks = Pick<EventRow, 'pinned' | 'tags' | 'notes'>
export type MarkDeed = { pin: boolean } | { tag: string; on: boolean } | { note: string } | { unnote: string }

/** The marks as they will be, so that the page need not wait. */
export function markedAs<T extends Marks>(event: T, deed: MarkDeed): T {
  if ('pin' in deed) return { ...event, pinned: deed.pin }
  if ('tag' in deed) {
    const others = (event.tags ?? []).filter((tag) => tag !== deed.tag)
    return { ...event, tags: deed.on ? [...others, deed.tag].sort() : others }
  }
  return { ...event, notes: Math.max(0, (event.notes ?? 0) + ('note' in deed ? 1 : -1)) }
}

function send(key: string, event: Marked, deed: MarkDeed): Promise<unknown> {
  const at = '/v1/incidents/{key}/events/{event_id}' as const
  const path = { key, event_id: event.id }
  const query = { time: event.time }
  if ('pin' in deed) {
    const params = { path, query }
    return deed.pin ? api.PUT(`${at}/pin`, { params }) : api.DELETE(`${at}/pin`, { params: { path } })
  }
  if ('tag' in deed) {
    const params = { path: { ...path, tag: deed.tag }, query }
    return deed.on
      ? api.PUT(`${at}/tags/{tag}`, { params })
      : api.DELETE(`${at}/tags/{tag}`, { params: { path: params.path } })
  }
  if ('note' in deed) return api.POST(`${at}/notes`, { params: { path, query }, body: { body: deed.note } })
  return api.DELETE(`${at}/notes/{note_id}`, { params: { path: { ...path, note_id: deed.unnote } } })
}

export interface Marking {
  may: boolean
  mark: (event: Marked, deed: MarkDeed) => Promise<boolean>
}

/** Mark events; the table, the open record and the axis show it at once, and again as it was when it was refused. */
export function useMarking(incident: string): Marking {
  const queries = useQueryClient()
  const may = useMay('event:write')
  const show = (event: Marked, deed: MarkDeed) => {
    queries.setQueriesData<InfiniteData<{ items: EventRow[] }>>({ queryKey: ['events', incident] }, (old) =>
      old?.pages
        ? {
            ...old,
            pages: old.pages.map((page) =>
              page.items.some((one) => one.id === event.id)
                ? { ...page, items: page.items.map((one) => (one.id === event.id ? markedAs(one, deed) : one)) }
                : page,
            ),
          }
        : old,
    )
    queries.setQueryData<EventWhole>(['event', incident, event.id], (old) => old && markedAs(old, deed))
  }
  const { mutateAsync } = useMutation({
    mutationFn: ({ event, deed }: { event: Marked; deed: MarkDeed }) => send(incident, event, deed),
    // Pins and tags show at once; a note when it is kept, for then it can be read.
    onMutate: ({ event, deed }) => {
      if ('note' in deed) return
      show(event, deed)
    },
    onSuccess: (_, { event, deed }) => {
      if ('note' in deed) show(event, deed)
    },
    onError: (error, { event }) => {
      tell(error.message || say.marks.failed, true)
      void queries.invalidateQueries({ queryKey: ['events', incident] })
      void queries.invalidateQueries({ queryKey: ['event', incident, event.id] })
    },
    onSettled: (_, __, { event }) => {
      for (const name of ['marks', 'marked']) void queries.invalidateQueries({ queryKey: [name, incident] })
      void queries.invalidateQueries({ queryKey: ['notes', incident, event.id] })
    },
  })
  const mark = useCallback(
    (event: Marked, deed: MarkDeed) =>
      mutateAsync({ event, deed }).then(
        () => true,
        () => false,
      ),
    [mutateAsync],
  )
  // The same object while nothing changed: rows that stand are not made again for it.
  return useMemo(() => ({ may, mark }), [may, mark])
}
