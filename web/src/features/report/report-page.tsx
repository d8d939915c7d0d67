'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useState } from 'react'
import { ClaimSign } from '@/components/glyphs'
import { tell } from '@/components/ui/notices'
import { Blank, Trouble, Waiting } from '@/components/ui/states'
import { EvidenceText } from '@/components/value'
import { EvidenceDrawer } from '@/features/incident/drawer'
import { Elsewhere } from '@/features/comments/elsewhere'
import { useTalk } from '@/features/comments/use-talk'
import type { Claim } from '@/features/incident/report'
import { isProblem } from '@/lib/api/problem'
import { useMay } from '@/lib/api/session'
import { useOthersHere, useSeenWriting, writersOf } from '@/lib/presence'
import { useQueryState } from '@/lib/route'
import { useShortcuts, type Shortcut } from '@/lib/shortcuts'
import { say } from '@/lib/strings'
import { AskPanel } from './ask-panel'
import { ClaimRow } from './claim-row'
import { decide, versionQuery, versionsQuery, type ReportClaim, type ReportVersion, type Verdict } from './queries'
import { DiffPage } from './diff-page'
import { ReportHead } from './report-head'
import { useOthers } from './use-others'
import type { VersionMenuProps } from './version-menu'

/** The postmortem as a document: each sentence with its standing in the margin, its record beside it. */
export function ReportPage({ incident }: { incident: string }) {
  const versions = useQuery(versionsQuery(incident))
  const [asked, ask] = useQueryState()
  const latest = versions.data?.[0]?.version ?? 0
  const known = (name: string) => versions.data?.find((one) => String(one.version) === asked.get(name))?.version ?? null
  const version = known('version') ?? latest
  const against = known('against')
  const report = useQuery(versionQuery(incident, version))
  if (versions.isError) return <Trouble error={versions.error} again={() => void versions.refetch()} />
  if (versions.data?.length === 0) return <Blank title={say.report.none} about={say.report.noneAbout} />
  const choose = {
    versions: versions.data ?? [],
    onVersion: (one: number) => ask({ version: one === latest ? null : String(one), against: null }, true),
    onCompare: (one: number | null) => ask({ against: one === null ? null : String(one) }, true),
  }
  if (against !== null && against !== version)
    return <DiffPage incident={incident} from={against} to={version} {...choose} />
  if (report.isError) return <Trouble error={report.error} again={() => void report.refetch()} />
  if (!report.data) return <Waiting />
  return <Document key={version} incident={incident} report={report.data} choose={choose} />
}

function Document({
  incident,
  report,
  choose: versions,
}: {
  incident: string
  report: ReportVersion
  choose: Omit<VersionMenuProps, 'version'>
}) {
  const queries = useQueryClient()
  const may = useMay('report:write') && report.editable
  const claims = useMemo(() => report.sections.flatMap((section) => section.claims), [report])
  const [at, setAt] = useState(() => {
    const asked = decodeURIComponent(window.location.hash).replace(/^#claim-/, '')
    return claims.find((one) => one.id === asked)?.id ?? null
  })
  const [editing, setEditing] = useState<string | null>(null)
  const [open, setOpen] = useState(0)
  const [talking, setTalking] = useState<string | null>(null)
  const [params, change] = useQueryState()
  const named = params.get('claim')
  const talk = useTalk(incident, { type: 'claim' })
  const others = useOthers(incident, report.version)
  const here = useOthersHere(incident)
  const writers = useMemo(() => writersOf(here, report.version), [here, report.version])
  useSeenWriting(report.version, editing)
  const [asking, setAsking] = useState(false)
  const current = claims.find((one) => one.id === at) ?? null
  useEffect(() => {
    if (!named || !claims.some((one) => one.id === named)) return
    setAt(named)
    setTalking(named)
    document.getElementById(`claim-${named}`)?.scrollIntoView({ block: 'center' })
    change({ claim: null })
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once for each that the address names, not whenever a sentence changes
  }, [named])
  useEffect(() => {
    if (window.location.hash)
      document.getElementById(window.location.hash.slice(1))?.scrollIntoView({ block: 'center' })
  }, [])
  const verdict = useMutation({
    mutationFn: ({ claim, how }: { claim: ReportClaim; how: Verdict }) => decide(incident, report.version, claim, how),
    onSuccess: () => setEditing(null),
    onError: (error, { how }) => {
      // Whoever edits is shown both wordings as soon as the other's is read: nothing is lost by then.
      const clash = isProblem(error) && error.status === 412
      const editing = typeof how === 'object' && 'edit' in how
      if (!(clash && editing)) tell(clash ? say.report.changed : error.message, true)
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['report-version', incident] }),
  })
  const choose = useCallback((id: string | null) => {
    setAt(id)
    setOpen(0)
  }, [])
  const onTalk = useCallback((id: string, yes: boolean) => {
    setTalking(yes ? id : null)
    // Whoever closes it goes on where they came from.
    if (!yes) document.querySelector<HTMLElement>(`[id="claim-${id}"] [data-talk-mark]`)?.focus()
  }, [])
  const shortcuts = useMemo<Shortcut[]>(() => {
    const group = say.report.keys
    const walk = (step: number) => {
      const i = claims.findIndex((one) => one.id === at)
      const next = claims[Math.max(0, Math.min(claims.length - 1, i + step))]
      if (!next) return
      choose(next.id)
      document.getElementById(`claim-${next.id}`)?.scrollIntoView({ block: 'nearest' })
    }
    const on = (how: Verdict) => () => current && may && verdict.mutate({ claim: current, how })
    return [
      { keys: 'j / ArrowDown', about: say.report.next, group, run: () => walk(1) },
      { keys: 'k / ArrowUp', about: say.report.previous, group, run: () => walk(-1) },
      { keys: 'a', about: say.report.accept, group, run: on('accept') },
      { keys: 'u', about: say.report.undo, group, run: on('undo') },
      { keys: 'e', about: say.report.edit, group, run: () => may && setEditing(at) },
      { keys: 'c', about: say.comments.open, group, run: () => at && talk.reads && onTalk(at, true) },
      { keys: 'Escape', about: say.close, group, run: () => choose(null) },
    ]
  }, [claims, at, current, may, verdict, choose, talk.reads, onTalk])
  useShortcuts(shortcuts, editing === null)

  return (
    <div className="relative flex h-full min-h-0">
      <div className="min-w-0 flex-1 overflow-y-auto" id="report-scroll">
        <ReportHead
          incident={incident}
          report={report}
          claims={claims}
          asking={asking}
          onAsk={() => {
            setAsking(!asking)
            choose(null)
          }}
          {...versions}
        />
        <div
          className={`mx-auto grid max-w-[1160px] grid-cols-1 ${current ? '2xl:grid-cols-[150px_minmax(0,1fr)]' : 'lg:grid-cols-[150px_minmax(0,1fr)]'} gap-6 px-6 pb-64`}
        >
          <nav
            aria-label={say.report.sections}
            className={`sticky top-20 hidden self-start pt-2 ${current ? '2xl:block' : 'lg:block'}`}
          >
            <ul className="flex flex-col gap-1.5">
              {report.sections.map((section) => (
                <li key={section.id}>
                  <a href={`#section-${section.id}`} className="text-xs text-ink-3 hover:text-ink">
                    {section.title}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          <article className="min-w-0">
            {report.sections.map((section) => (
              <section key={section.id} id={`section-${section.id}`} className="mb-10 scroll-mt-20">
                <h2 className="mb-2 pl-9 text-xl font-[620] tracking-[-0.015em]">{section.title}</h2>
                {section.claims.map((claim) => (
                  <ClaimRow
                    key={claim.id}
                    incident={incident}
                    version={report.version}
                    claim={claim}
                    current={claim.id === at}
                    editing={claim.id === editing}
                    may={may}
                    busy={verdict.isPending}
                    talk={talk}
                    talking={claim.id === talking}
                    onTalk={(yes) => onTalk(claim.id, yes)}
                    onChoose={() => choose(claim.id)}
                    onEdit={(yes) => setEditing(yes ? claim.id : null)}
                    onVerdict={(how, seen) => verdict.mutate({ claim: seen, how })}
                    onRecord={(record) => {
                      setAt(claim.id)
                      setOpen(record)
                    }}
                    other={others.get(claim.id)}
                    writer={writers.get(claim.id)}
                  />
                ))}
              </section>
            ))}
            <Elsewhere talk={talk} here={claims} />
            {report.refused.length > 0 && <RefusedList refused={report.refused} />}
          </article>
        </div>
      </div>
      {asking && !current && <AskPanel onClose={() => setAsking(false)} />}
      {current && current.evidence.length > 0 && (
        <EvidenceDrawer
          incident={incident}
          events={current.evidence}
          at={Math.min(open, current.evidence.length - 1)}
          claims={[current as unknown as Claim]}
          onTurn={setOpen}
          onClose={() => choose(null)}
          commentKey={false}
        />
      )}
    </div>
  )
}

/** What was drafted and did not stand: shown as refused, never as a claim. */
function RefusedList({ refused }: { refused: ReportVersion['refused'] }) {
  return (
    <section className="mb-10 pl-9">
      <h2 className="mb-2 text-xl font-[620] tracking-[-0.015em]">{say.report.refused}</h2>
      <ul className="flex max-w-[68ch] flex-col gap-4">
        {refused.map((one) => (
          <li key={one.id} className="flex gap-3">
            <ClaimSign standing="rejected" className="mt-1.5 text-act-high" />
            <div>
              <p className="[overflow-wrap:anywhere] text-ink-3 line-through decoration-ink-3/50">
                <EvidenceText text={one.text} />
              </p>
              <p className="mt-0.5 text-xs text-act-high">
                <EvidenceText text={one.reasons.join('; ')} />
              </p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  )
}
