'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import { tell } from '@/components/ui/notices'
import { isProblem } from '@/lib/api/problem'
import { useMay } from '@/lib/api/session'
import { say } from '@/lib/strings'
import { commentsQuery, doDeed, type Deed } from './queries'
import { threadsByClaim, type Thread } from './threads'

export interface Talk {
  /** Threads by claim; nothing for who may not read them. */
  threads: Map<string, Thread[]>
  reads: boolean
  may: boolean
  busy: boolean
  /** Do it; tells whether it was taken, and says why not. */
  deed: (deed: Deed) => Promise<boolean>
}

/** The conversation about an incident's claims. */
export function useTalk(incident: string): Talk {
  const queries = useQueryClient()
  const [reads, may] = [useMay('comment:read'), useMay('comment:write')]
  const found = useQuery({ ...commentsQuery(incident), enabled: reads })
  const threads = useMemo(() => threadsByClaim(found.data ?? []), [found.data])
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
