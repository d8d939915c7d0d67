'use client'
import { Check, Download, LoaderCircle, X } from 'lucide-react'
import { Blank } from '@/components/ui/states'
import { sizeText } from '@/features/artifacts/queries'
import { plainLine } from '@/lib/evidence'
import { useZone } from '@/lib/preferences'
import { say } from '@/lib/strings'
import { parseTime, stampText, zoneName } from '@/lib/time'
import { fileOf, isOver, type Format, type Made, type Output } from './queries'

const card =
  'relative rounded-xl bg-raised p-3.5 ring-inset hover:ring-1 hover:ring-line has-[[aria-pressed=true]]:ring-2 has-[[aria-pressed=true]]:ring-accent'
const saveLook = 'relative rounded-md p-1.5 text-ink-2 hover:bg-lifted hover:text-ink'

interface Props {
  incident: string
  made: Made[]
  formats: Format[]
  chosen: string | null
  onChoose: (id: string) => void
}

/** What was handed out before: what, by whom, when, and the hash by which it is known again. */
export function MadeList({ incident, made, formats, chosen, onChoose }: Props) {
  const [zone] = useZone()
  if (!made.length) return <Blank title={say.exports.noneMade} about={say.exports.noneMadeAbout} />
  const titleOf = (name: string) => formats.find((one) => one.name === name)?.title ?? name
  return (
    <ul className="flex flex-col gap-2">
      {made.map((one) => (
        <li key={one.id} className={card}>
          <p className="flex items-center gap-2 text-[13px] font-[560]">
            <StateSign made={one} />
            <button
              type="button"
              aria-pressed={one.id === chosen}
              onClick={() => onChoose(one.id)}
              className="text-left after:absolute after:inset-0 after:rounded-xl"
            >
              {plainLine(titleOf(one.format), 60)}, {say.report.version(one.version).toLowerCase()}
            </button>
            {one.size !== null && (
              <span className="ml-auto text-xs font-[440] text-ink-3 tabular-nums">{sizeText(one.size)}</span>
            )}
            {one.state === 'done' && (
              <a
                href={fileOf(incident, one)}
                download={one.file_name ?? true}
                aria-label={`${say.exports.save} ${one.file_name ?? ''}`}
                className={saveLook}
              >
                <Download size={14} />
              </a>
            )}
          </p>
          <p className="mt-0.5 text-xs text-ink-3">
            {[one.tlp, one.redacted ? say.exports.redacted(one.redacted) : '', plainLine(one.by, 60)]
              .filter(Boolean)
              .join(' · ')}
          </p>
          <p className="text-xs text-ink-3 tabular-nums">
            {stampText(parseTime(one.at), zone, false)} {zoneName(zone, parseTime(one.at))}
          </p>
          {one.sha256 && <p className="mt-1 truncate font-mono text-2xs text-ink-3">{one.sha256}</p>}
          {one.error && <p className="mt-1 text-xs text-act-high">{plainLine(one.error, 300)}</p>}
        </li>
      ))}
    </ul>
  )
}

function StateSign({ made }: { made: Made }) {
  const text = say.exports.states[made.state] ?? made.state
  if (made.state === 'done') return <Check size={14} className="text-ok" aria-label={text} />
  if (isOver(made)) return <X size={14} className="text-act-high" aria-label={text} />
  return <LoaderCircle size={14} className="animate-spin text-ink-2" aria-label={text} />
}

/** What the analysis itself made, before anybody edited a word. */
export function OutputList({
  run,
  outputs,
  chosen,
  onChoose,
}: {
  run: string
  outputs: Output[]
  chosen: string | null
  onChoose: (name: string) => void
}) {
  if (!outputs.length) return <Blank title={say.exports.none} about={say.exports.noneAbout} />
  return (
    <>
      <p className="mb-3 text-[13px] text-pretty text-ink-2">{say.exports.draftAbout}</p>
      <ul className="flex flex-col gap-2">
        {outputs.map((one) => (
          <li key={one.name} className={card}>
            <p className="flex items-center gap-2 text-[13px] font-[560]">
              <button
                type="button"
                aria-pressed={one.name === chosen}
                onClick={() => onChoose(one.name)}
                className="text-left after:absolute after:inset-0 after:rounded-xl"
              >
                {say.exports.names[one.name] ?? one.name}
              </button>
              <span className="ml-auto text-xs font-[440] text-ink-3 tabular-nums">{sizeText(one.size)}</span>
              <a
                href={outputHref(run, one.name)}
                download={one.name}
                aria-label={`${say.exports.save} ${one.name}`}
                className={saveLook}
              >
                <Download size={14} />
              </a>
            </p>
            <p className="mt-1 truncate font-mono text-2xs text-ink-3">{one.sha256}</p>
          </li>
        ))}
      </ul>
    </>
  )
}

export const outputHref = (run: string, name: string) =>
  `/v1/runs/${encodeURIComponent(run)}/outputs/${encodeURIComponent(name)}`
