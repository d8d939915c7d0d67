import { Sign } from '@/components/glyphs'
import { say } from '@/lib/strings'
import { spanText } from '@/lib/time'
import { barsOf, MARKS, placeOf, type Bar } from './charts'
import type { Metrics, Severity } from './queries'
import { signOf } from './severity'

const COLOUR: Record<Severity, string> = {
  critical: 'var(--act-critical)', high: 'var(--act-high)', medium: 'var(--act-medium)', low: 'var(--act-low)',
  informational: 'var(--log)',
} // prettier-ignore
const words = say.incidents.figures

/** How we are doing: what is open, by severity and age, and how long it takes us. Each severity narrows the list. */
export function Figures({ metrics, onSeverity }: { metrics: Metrics; onSeverity: (severity: Severity) => void }) {
  const { rows, all, most } = barsOf(metrics)
  return (
    <section
      aria-label={words.label}
      className="grid grid-cols-[auto_minmax(0,5fr)_minmax(0,6fr)] items-start gap-x-10 px-5 pt-5 pb-4 max-lg:gap-x-6"
    >
      <div className="w-28">
        <p className="text-[40px] leading-9 font-[600] tracking-[-0.035em] tabular-nums">{all}</p>
        <p className="mt-2 text-xs text-ink-3">{words.open}</p>
        <p className="mt-3 text-xs text-ink-3 tabular-nums">{words.opened(metrics.opened)}</p>
        <p className="text-xs text-ink-3 tabular-nums">{words.closed(metrics.closed)}</p>
      </div>
      <div>
        <h2 className="eyebrow">{words.bySeverity}</h2>
        <ul className="mt-1.5 flex flex-col">
          {rows.map((row) => (
            <SeverityBar key={row.severity} row={row} most={most} onChoose={() => onSeverity(row.severity)} />
          ))}
        </ul>
      </div>
      <Times metrics={metrics} />
    </section>
  )
}

function SeverityBar({ row, most, onChoose }: { row: Bar; most: number; onChoose: () => void }) {
  const told = row.parts.map((part) => `${part.n} ${words.age(part.days)}`).join(', ')
  return (
    <li>
      <button
        type="button"
        disabled={row.n === 0}
        onClick={onChoose}
        title={told}
        className="group flex h-7 w-full items-center gap-2 text-xs"
      >
        <Sign {...signOf(row.severity)} className={`size-2.5 ${row.n ? '' : 'opacity-40'}`} />
        <span
          className={`w-20 shrink-0 truncate text-left ${row.n ? 'text-ink-2 group-hover:text-ink' : 'text-ink-3'}`}
        >
          {say.incident.severity[row.severity]}
        </span>
        <span className="flex h-2.5 min-w-0 flex-1 gap-px" aria-hidden>
          {row.parts.map((part, i) => (
            <span
              key={String(part.days)}
              className="h-full first:rounded-l-xs last:rounded-r-xs"
              style={{
                width: `${(part.n / most) * 100}%`,
                background: COLOUR[row.severity],
                // The longer it has been open, the more it weighs.
                opacity: row.parts.length === 1 ? 1 : 0.4 + (0.6 * (i + 1)) / row.parts.length,
              }}
            />
          ))}
          {row.n === 0 && <span className="my-auto h-px w-full bg-hair" />}
        </span>
        <span className={`w-6 shrink-0 text-right tabular-nums ${row.n ? 'font-[560] text-ink' : 'text-ink-3'}`}>
          {row.n}
        </span>
        <span className="sr-only">{words.bar(told)}</span>
      </button>
    </li>
  )
}

/** Median and mean of each, on one scale by orders of magnitude: a long tail is seen as a long tail. */
function Times({ metrics }: { metrics: Metrics }) {
  const rows = [
    [words.detect, metrics.time_to_detect],
    [words.contain, metrics.time_to_contain],
    [words.recover, metrics.time_to_recover],
  ] as const
  const per = (seconds: number) => `${placeOf(seconds) * 100}%`
  return (
    <div>
      <h2 className="eyebrow">{words.times}</h2>
      <ul className="mt-1.5">
        {rows.map(([name, one]) => (
          <li key={name} className="flex h-7 items-center gap-3 text-xs">
            <span className="w-16 shrink-0 text-ink-2">{name}</span>
            <span className="relative h-full min-w-0 flex-1" aria-hidden>
              <span className="absolute inset-x-0 top-1/2 h-px bg-hair" />
              {one.median_s !== null && one.mean_s !== null && (
                <>
                  <span
                    className="absolute top-1/2 h-0.5 -translate-y-1/2 bg-ours opacity-50"
                    style={{
                      left: per(Math.min(one.median_s, one.mean_s)),
                      width: `calc(${per(Math.max(one.median_s, one.mean_s))} - ${per(Math.min(one.median_s, one.mean_s))})`,
                    }}
                  />
                  <span
                    className="absolute top-1/2 h-3 w-0.5 -translate-1/2 bg-ours opacity-60"
                    style={{ left: per(one.mean_s) }}
                  />
                  <span
                    className="absolute top-1/2 size-2.5 -translate-1/2 rounded-[2px] bg-ours"
                    style={{ left: per(one.median_s) }}
                  />
                </>
              )}
            </span>
            <span
              className="w-32 shrink-0 text-right tabular-nums"
              title={one.mean_s === null ? undefined : words.mean(spanText(one.mean_s * 1000))}
            >
              {one.median_s === null ? (
                <span className="text-ink-3">{words.noneYet}</span>
              ) : (
                <>
                  <span className="font-[560]">{spanText(one.median_s * 1000)}</span>
                  <span className="text-ink-3"> {words.of(one.incidents)}</span>
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
      <div className="flex gap-3 text-2xs text-ink-3" aria-hidden>
        <span className="w-16 shrink-0" />
        <span className="relative h-4 flex-1">
          {MARKS.map(([seconds, text], i) => (
            <span
              key={text}
              className={`absolute whitespace-nowrap ${i === 0 ? '' : i === MARKS.length - 1 ? '-translate-x-full' : '-translate-x-1/2'}`}
              style={{ left: per(seconds) }}
            >
              {text}
            </span>
          ))}
        </span>
        <span className="w-32 shrink-0 text-right">{words.legend}</span>
      </div>
    </div>
  )
}
