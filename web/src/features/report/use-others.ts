'use client'
/** What others did to this report just now: told beside the sentence for a while. */
import { useEffect, useState } from 'react'
import { useMe } from '@/lib/api/session'
import { onHeard } from '@/lib/heard'
import { bareName } from '@/lib/names'

const SHOWN_MS = 20_000

export function useOthers(incident: string, version: number): ReadonlyMap<string, string> {
  const me = useMe().data?.label
  const [told, setTold] = useState<ReadonlyMap<string, string>>(new Map())
  useEffect(() => {
    const timers = new Set<ReturnType<typeof setTimeout>>()
    const stop = onHeard(({ kind, incident: of, by, claim, report }) => {
      if (kind !== 'report.changed' || of !== incident || report !== version || !claim || !by || by === me) return
      setTold((old) => new Map(old).set(claim, bareName(by)))
      const timer = setTimeout(() => {
        timers.delete(timer)
        setTold((old) => {
          const next = new Map(old)
          next.delete(claim)
          return next
        })
      }, SHOWN_MS)
      timers.add(timer)
    })
    return () => {
      stop()
      for (const timer of timers) clearTimeout(timer)
    }
  }, [incident, version, me])
  return told
}
