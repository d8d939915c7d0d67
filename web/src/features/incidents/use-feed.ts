'use client'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { listen, onBack } from '@/lib/live'
import { tellHeard, type Heard } from '@/lib/heard'
import { forgetPresence, hearPresence, type Person } from '@/lib/presence'

const KINDS = [
  'incident.opened', 'incident.changed', 'incident.closed', 'incident.reopened', 'incident.merged', 'run.state',
  'action.added', 'action.changed', 'comment.added', 'comment.changed', 'report.changed', 'presence', 'reload',
] // prettier-ignore
const GATHER_MS = 250

/** What changes on the incidents comes by itself; the browser goes on where a broken line ended. */
export function useFeed(): void {
  const queries = useQueryClient()
  useEffect(() => {
    const changed = new Set<string>()
    const documents = new Set<string>()
    let spoken = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const refresh = () => {
      for (const key of changed) {
        for (const name of ['incident', 'comments', 'actions', 'report-version', 'report-versions'])
          void queries.invalidateQueries({ queryKey: [name, key] })
      }
      changed.clear()
      // A document is set anew for it: only where it says something else now.
      for (const key of documents) void queries.invalidateQueries({ queryKey: ['export-preview', key] })
      documents.clear()
      if (spoken) void queries.invalidateQueries({ queryKey: ['mentions'] })
      spoken = false
      for (const name of ['incidents', 'incident-metrics', 'runs']) void queries.invalidateQueries({ queryKey: [name] })
    }
    const heard = (event: MessageEvent<string>) => {
      // What came since the line was lost is no longer kept.
      if (event.type === 'reload') return void queries.invalidateQueries()
      const told = JSON.parse(event.data) as Heard & { people?: Person[] }
      if (event.type === 'presence') return hearPresence(told.incident, told.people ?? [])
      changed.add(told.incident)
      if (/^(report|incident)\./.test(told.kind)) documents.add(told.incident)
      spoken ||= told.kind.startsWith('comment.')
      tellHeard(told)
      clearTimeout(timer)
      timer = setTimeout(refresh, GATHER_MS)
    }
    const leave = listen('/v1/feed', KINDS, heard)
    // Before its first event a line has no place to go on from: all that is shown is asked for again.
    const forget = onBack(() => {
      forgetPresence()
      void queries.invalidateQueries()
    })
    return () => {
      clearTimeout(timer)
      leave()
      forget()
      forgetPresence()
    }
  }, [queries])
}
