'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import { tell } from '@/components/ui/notices'
import { isProblem } from '@/lib/api/problem'
import { useMay } from '@/lib/api/session'
import { say } from '@/lib/strings'
import { commentsQuery, doDeed, talkedQuery, type About, type Deed, type Talked } from './queries'
import { threadsByAnchor, type Thread } from './threads'

export interface Talk {
  /** Threads by what they are about; nothing for who may not read them. */
  threads: Map<string, Thread[]>
  reads: boolean
  may: boolean
  busy: boolean
  /** Do it; tells whether it was taken, and says why not. */
  deed: (deed: Deed) => Promise<boolean>
}

/** The conversation about an incident's claims, or about one of its events. */
export function useTalk(incident: string, about: About): Talk {
  const queries = useQueryClient()
  const [reads, may] = [useMay('comment:read'), useMay('comment:write')]
  const found = useQuery({ ...commentsQuery(incident, about), enabled: reads })
  const threads = useMemo(() => threadsByAnchor(found.data ?? []), [found.data])
  const { mutateAsync, isPending } = useMutation({
    mutationFn: (deed: Deed) => doDeed(incident, deed),
    onError: (error) => tell(isProblem(error) && error.status === 412 ? say.comments.changed : error.message, true),
    onSettled: () => queries.invalidateQueries({ queryKey: ['comments', incident] }),
  })
  const deed = (one: Deed) =>
    mutateAsync(one).then(
      () => true,
      () => false,
    )
  return { threads, reads, may, busy: isPending, deed }
}

/** What was said of which event, in figures, for who may read it. */
export function useTalked(incident: string): ReadonlyMap<string, Talked> {
  const reads = useMay('comment:read')
  const found = useQuery({ ...talkedQuery(incident), enabled: reads }).data
  return useMemo(() => new Map(found?.map((one) => [one.anchor.id, one])), [found])
}
