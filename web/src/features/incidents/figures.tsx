import { Sign } from '@/components/glyphs'
import { say } from '@/lib/strings'
import { spanText } from '@/lib/time'
import { SEVERITIES, type Metrics } from './queries'
import { signOf } from './severity'

const BAR: Record<string, string> = {
  critical: 'bg-act-critical', high: 'bg-act-high', medium: 'bg-act-medium', low: 'bg-act-low', informational: 'bg-log',
} // prettier-ignore

/** How we are doing: what is open, by severity, and how long it takes us. */
export function Figures({ metrics }: { metrics: Metrics }) {
  const open = SEVERITIES.map((severity) => ({
    severity,
    n: metrics.open.filter((one) => one.severity === severity).reduce((sum, one) => sum + one.incidents, 0),
  })).filter((one) => one.n > 0)
  const all = open.reduce((sum, one) => sum + one.n, 0)
  const times = [
    [say.incidents.figures.detect, metrics.time_to_detect],
    [say.incidents.figures.contain, metrics.time_to_contain],
    [say.incidents.figures.recover, metrics.time_to_recover],
  ] as const
  const told = times.filter(([, one]) => one.median_s !== null)
  return (
    <section aria-label={say.incidents.figures.label} className="flex items-end gap-10 px-5 pt-5 pb-4">
      <div className="w-96 min-w-0">
        <p className="flex items-baseline gap-2">
          <span className="text-[32px] leading-8 font-[600] tracking-[-0.03em] tabular-nums">{all}</span>
          <span className="text-[13px] text-ink-3">{say.incidents.figures.open}</span>
        </p>
        <div className="mt-3 flex h-1.5 gap-0.5 overflow-hidden rounded-full" aria-hidden>
          {open.map(({ severity, n }) => (
            <span key={severity} className={BAR[severity]} style={{ flexGrow: n }} />
          ))}
          {all === 0 && <span className="flex-1 bg-lifted" />}
        </div>
        <ul className="mt-2 flex gap-4">
          {open.map(({ severity, n }) => (
            <li key={severity} className="flex items-center gap-1.5 text-xs text-ink-2 tabular-nums">
              <Sign {...signOf(severity)} className="size-2.5" />
              {say.incident.severity[severity]} {n}
            </li>
          ))}
        </ul>
      </div>
      <dl className="flex gap-10">
        {told.map(([name, one]) => (
          <div key={name}>
            <dd className="text-xl leading-6 font-[560] tracking-[-0.015em] tabular-nums">
              {spanText((one.median_s ?? 0) * 1000)}
            </dd>
            <dt className="mt-1 text-xs text-ink-3">{name}</dt>
          </div>
        ))}
      </dl>
    </section>
  )
}
