'use client'
import { useQuery } from '@tanstack/react-query'
import { ArrowLeft } from 'lucide-react'
import { ClaimSign } from '@/components/glyphs'
import { Button } from '@/components/ui/button'
import { Trouble, Waiting } from '@/components/ui/states'
import { EvidenceText } from '@/components/value'
import { plainLine } from '@/lib/evidence'
import { bareName } from '@/lib/names'
import { useZone } from '@/lib/preferences'
import { say } from '@/lib/strings'
import { parseTime, stampText, zoneName } from '@/lib/time'
import { standingOf } from './claim-row'
import { handsOf } from './hands'
import {
  diffQuery, foundNamesQuery, versionQuery, type ClaimChange, type FactChange, type ReportDiff, type VersionShort,
} from './queries' // prettier-ignore
import { VersionMenu, type VersionMenuProps } from './version-menu'
import { wordDiff } from './words'

interface Props extends Omit<VersionMenuProps, 'version'> {
  incident: string
  from: number
  to: number
}

const INK = { added: 'text-ok', removed: 'text-act-high', changed: 'text-ink-2' }

/** Two versions held against each other, as a document: sentence by sentence, then figures, then what was found. */
export function DiffPage({ incident, from, to, ...choose }: Props) {
  const diff = useQuery(diffQuery(incident, from, to))
  const report = useQuery(versionQuery(incident, to))
  if (diff.isError) return <Trouble error={diff.error} again={() => void diff.refetch()} />
  if (!diff.data) return <Waiting />
  const { claims, facts, same } = diff.data
  const titles = new Map(report.data?.sections.map((one) => [one.id as string, one.title]))
  const sections = [...new Set([...titles.keys(), ...claims.map((one) => one.section)])]
  const tally = (['added', 'removed', 'changed'] as const).map(
    (how) => [how, claims.filter((one) => one.change === how).length] as const,
  )
  const nothing = !claims.length && !facts.length && !foundOf(diff.data).length
  return (
    <div className="h-full overflow-y-auto" tabIndex={0} role="region" aria-label={say.versions.title(from, to)}>
      <header className="sticky top-0 z-30 flex h-14 items-center gap-4 rounded-tl-xl bg-surface px-6">
        <VersionMenu version={to} {...choose} />
        <h2 className="text-[13px] text-ink-2">{say.versions.title(from, to)}</h2>
        <span className="ml-auto flex items-center gap-3 text-xs tabular-nums">
          {tally.map(
            ([how, n]) =>
              n > 0 && (
                <span key={how} className={INK[how]}>
                  {n} {say.versions.changes[how].toLowerCase()}
                </span>
              ),
          )}
          <span className="text-ink-3">{say.versions.same(same)}</span>
        </span>
        <Button onClick={() => choose.onCompare(null)}>
          <ArrowLeft size={14} /> {say.versions.back}
        </Button>
      </header>
      <article className="mx-auto max-w-[820px] px-6 pt-2 pb-24">
        <Makers incident={incident} numbers={[from, to]} versions={choose.versions} />
        {nothing && <p className="pl-[94px] text-ink-2">{say.versions.nothing}</p>}
        {sections.map((section) => {
          const here = claims.filter((one) => one.section === section)
          if (!here.length) return null
          return (
            <section key={section} className="mb-9">
              <h3 className="mb-2 pl-[94px] text-xl font-[620] tracking-[-0.015em]">
                {titles.get(section) ?? section}
              </h3>
              {here.map((one) => (
                <Change key={`${one.before?.id ?? ''}/${one.after?.id ?? ''}`} change={one} />
              ))}
            </section>
          )
        })}
        {facts.length > 0 && <Facts facts={facts} />}
        <Found incident={incident} diff={diff.data} from={from} to={to} />
      </article>
    </div>
  )
}

/** Of each of the two: how far it has come, when it was made and by what, and who worked on it. */
function Makers({
  incident,
  numbers,
  versions,
}: {
  incident: string
  numbers: [number, number]
  versions: VersionShort[]
}) {
  return (
    <ul aria-label={say.versions.makers} className="mb-8 grid gap-3 rounded-xl bg-raised px-5 py-3.5 sm:grid-cols-2">
      {numbers.map((number) => {
        const version = versions.find((one) => one.version === number)
        return version && <Maker key={number} incident={incident} version={version} />
      })}
    </ul>
  )
}

function Maker({ incident, version }: { incident: string; version: VersionShort }) {
  const [zone] = useZone()
  const report = useQuery(versionQuery(incident, version.version)).data
  const hands = report ? handsOf(report).map((name) => plainLine(name, 60)) : []
  const at = parseTime(version.made_at)
  return (
    <li className="min-w-0">
      <p className="flex items-baseline gap-2 text-[13px] font-[580]">
        {say.report.version(version.version)}
        <span className="text-xs font-[440] text-ink-3">{say.report.states[version.state]}</span>
      </p>
      <p className="text-xs text-ink-2 tabular-nums">
        {say.versions.origins[version.origin]}, {stampText(at, zone, false).slice(0, -3)} {zoneName(zone, at)}
      </p>
      <p className="text-xs text-pretty text-ink-3">
        {report && (hands.length ? say.versions.hands(hands.join(', ')) : say.versions.noHands)}
      </p>
    </li>
  )
}

function Change({ change: { change, before, after } }: { change: ClaimChange }) {
  const shown = after ?? before
  if (!shown) return null
  const pieces = wordDiff(before?.text ?? '', after?.text ?? '')
  const by = after?.decided_by ? [say.versions.by(plainLine(bareName(after.decided_by), 60))] : []
  const notes = [...(before && after ? notesOf(before, after) : []), ...by]
  return (
    <div className="flex py-1.5">
      <span className={`w-16 shrink-0 pt-1 text-xs ${INK[change]}`}>{say.versions.changes[change]}</span>
      <ClaimSign standing={standingOf(shown)} className="mt-[5px] mr-4 text-ink-3" />
      <div className="min-w-0 flex-1">
        <p className="max-w-[68ch] text-[15px] leading-6 text-pretty [overflow-wrap:anywhere]">
          {pieces.map((piece, i) =>
            piece.how === 'same' ? (
              <EvidenceText key={i} text={piece.text} />
            ) : piece.how === 'added' ? (
              <ins key={i} className={before ? 'bg-ok/15 text-ok no-underline' : 'no-underline'}>
                <EvidenceText text={piece.text} />
              </ins>
            ) : (
              <del key={i} className="text-ink-3 decoration-act-high/60">
                <EvidenceText text={piece.text} />
              </del>
            ),
          )}
        </p>
        {notes.length > 0 && <p className="text-xs text-ink-3">{notes.join(' · ')}</p>}
      </div>
    </div>
  )
}

function notesOf(before: NonNullable<ClaimChange['before']>, after: NonNullable<ClaimChange['after']>): string[] {
  const names = say.incident.claims
  const [was, is] = [standingOf(before), standingOf(after)]
  return [
    was !== is ? say.versions.standing(names[was].toLowerCase(), names[is].toLowerCase()) : '',
    before.evidence.join() !== after.evidence.join()
      ? say.versions.records(before.evidence.length, after.evidence.length)
      : '',
  ].filter(Boolean)
}

function Facts({ facts }: { facts: FactChange[] }) {
  const told = (fact: FactChange['before']) => (fact ? plainLine(`${fact.value} ${fact.unit}`.trim(), 80) : '–')
  return (
    <section className="mb-9 pl-[94px]">
      <h3 className="mb-2 text-xl font-[620] tracking-[-0.015em]">{say.versions.facts}</h3>
      <table className="w-full text-[13px] tabular-nums">
        <thead>
          <tr className="text-left text-xs text-ink-3">
            <th className="py-1 font-normal">{say.versions.fact}</th>
            <th className="py-1 font-normal">{say.versions.before}</th>
            <th className="py-1 font-normal">{say.versions.after}</th>
          </tr>
        </thead>
        <tbody>
          {facts.map((fact) => (
            <tr key={fact.name} className="border-t border-hair">
              <td className="py-1.5 pr-4 [overflow-wrap:anywhere]">
                {plainLine(fact.name, 160)}
                {(fact.after ?? fact.before)?.how && (
                  <span className="block text-xs text-ink-3">{plainLine((fact.after ?? fact.before)!.how, 200)}</span>
                )}
              </td>
              <td className="py-1.5 pr-4 text-ink-3">{told(fact.before)}</td>
              <td className="py-1.5">{told(fact.after)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** Kinds of which something came or went. */
const foundOf = (diff: ReportDiff) =>
  (['techniques', 'entities', 'indicators'] as const)
    .map((kind) => ({ kind, added: diff[kind].added ?? [], removed: diff[kind].removed ?? [] }))
    .filter((one) => one.added.length + one.removed.length > 0)

function Found({ incident, diff, from, to }: { incident: string; diff: ReportDiff; from: number; to: number }) {
  const before = useQuery(foundNamesQuery(incident, from)).data
  const after = useQuery(foundNamesQuery(incident, to)).data
  // An id says nothing to a reader: what it stands for is in one of the two versions.
  const nameOf = (id: string) => after?.get(id) ?? before?.get(id) ?? id.replace(':', ' ')
  const kinds = foundOf(diff)
  if (!kinds.length) return null
  return (
    <section className="pl-[94px]">
      <h3 className="mb-2 text-xl font-[620] tracking-[-0.015em]">{say.versions.found}</h3>
      {kinds.map(({ kind, added, removed }) => (
        <div key={kind} className="flex gap-4 border-t border-hair py-2 text-[13px]">
          <h4 className="w-24 shrink-0 text-ink-3">{say.versions[kind]}</h4>
          <p className="flex min-w-0 flex-col font-mono text-xs leading-5 [overflow-wrap:anywhere]">
            {added.map((id) => (
              <ins key={id} className="text-ok no-underline">
                + {plainLine(nameOf(id), 120)}
              </ins>
            ))}
            {removed.map((id) => (
              <del key={id} className="text-ink-3 decoration-act-high/60">
                {plainLine(nameOf(id), 120)}
              </del>
            ))}
          </p>
        </div>
      ))}
    </section>
  )
}
