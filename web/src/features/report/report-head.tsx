'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Sparkle } from 'lucide-react'
import { Button } from '@/components/ui/button'
import { tell } from '@/components/ui/notices'
import { isProblem } from '@/lib/api/problem'
import { useMay } from '@/lib/api/session'
import { say } from '@/lib/strings'
import { stepReport, type ReportClaim, type ReportVersion, type Step } from './queries'
import { VersionMenu, type VersionMenuProps } from './version-menu'

const STATES = ['draft', 'in_review', 'approved', 'published'] as const
const NEXT: Partial<Record<ReportVersion['state'], Step>> = {
  draft: 'submit',
  in_review: 'approve',
  approved: 'publish',
}

/** Which version, how far it has come, how much of it somebody has decided on, and the next step. */
export function ReportHead({
  incident,
  report,
  claims,
  versions,
  onVersion,
  onCompare,
  asking,
  onAsk,
}: {
  incident: string
  report: ReportVersion
  claims: ReportClaim[]
  asking: boolean
  onAsk: () => void
} & Omit<VersionMenuProps, 'version'>) {
  const queries = useQueryClient()
  const [write, approve] = [useMay('report:write'), useMay('report:approve')]
  const decided = claims.filter((one) => one.decision !== 'none').length
  const step = NEXT[report.state]
  const may = step === 'submit' ? write : approve
  const go = useMutation({
    mutationFn: (which: Step) => stepReport(incident, report, which),
    onError: (error) => tell(isProblem(error) && error.status === 412 ? say.report.changed : error.message, true),
    onSettled: () => {
      for (const name of ['report-version', 'report-versions'])
        void queries.invalidateQueries({ queryKey: [name, incident] })
    },
  })
  return (
    <header className="sticky top-0 z-30 flex min-h-14 flex-wrap items-center gap-x-5 gap-y-1 rounded-tl-xl bg-surface px-6 py-2">
      <VersionMenu version={report.version} versions={versions} onVersion={onVersion} onCompare={onCompare} />
      <ol className="flex items-center gap-2 text-xs whitespace-nowrap">
        {STATES.map((state, i) => {
          const at = STATES.indexOf(report.state)
          return (
            <li
              key={state}
              aria-current={i === at ? 'step' : undefined}
              className={`flex items-center gap-2 ${i === at ? 'font-[560] text-ink' : 'text-ink-3'}`}
            >
              {i > 0 && <span className="h-px w-5 bg-line" />}
              {say.report.states[state]}
            </li>
          )
        })}
      </ol>
      <span className="ml-auto flex items-center gap-2 text-xs whitespace-nowrap text-ink-3 tabular-nums">
        <span className="h-1 w-24 overflow-hidden rounded-full bg-lifted max-lg:hidden">
          <span
            className="block h-1 rounded-full bg-ok"
            style={{ width: `${(decided / Math.max(1, claims.length)) * 100}%` }}
          />
        </span>
        {say.report.decided(decided, claims.length)}
      </span>
      <Button kind="bare" aria-expanded={asking} onClick={onAsk}>
        <Sparkle size={14} /> {say.ask.open}
      </Button>
      {report.state === 'in_review' && approve && (
        <Button kind="bare" disabled={go.isPending} onClick={() => go.mutate('return')}>
          {say.report.steps.return}
        </Button>
      )}
      {step && may && (
        <Button kind="main" disabled={go.isPending} onClick={() => go.mutate(step)}>
          {say.report.steps[step]}
        </Button>
      )}
    </header>
  )
}
