'use client'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { ChevronRight, Download, ShieldAlert, ShieldCheck } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { useEffect, useMemo, useState } from 'react'
import { Button } from '@/components/ui/button'
import { inputLook } from '@/components/ui/field'
import { menuItem, menuLook } from '@/components/ui/menu'
import { Select } from '@/components/ui/select'
import { Blank, Trouble, Waiting } from '@/components/ui/states'
import { EvidenceText } from '@/components/value'
import { useMe } from '@/lib/api/session'
import { cn } from '@/lib/cn'
import { plainLine } from '@/lib/evidence'
import { useQueryState } from '@/lib/route'
import { say } from '@/lib/strings'
import { useWhen } from '@/lib/when'
import { checkChain, differences, type Checked, type Entry } from './audit'
import { auditQuery, checkpointsQuery, type AuditFilter } from './organisation-queries'
import { SettingsPart } from './section'

const DAY = /^\d{4}-\d{2}-\d{2}$/
const DAY_MS = 86_400_000

/** The filter out of the address: days are whole ones of UTC, the last one included. */
function filterOf(params: URLSearchParams): AuditFilter {
  const day = (name: string, plus: number) => {
    const text = params.get(name) ?? ''
    return DAY.test(text) ? new Date(Date.parse(`${text}T00:00:00Z`) + plus).toISOString() : undefined
  }
  return {
    act: params.get('act') ?? undefined,
    actor: params.get('actor') ?? undefined,
    target: params.get('target') ?? undefined,
    since: day('since', 0),
    until: day('until', DAY_MS),
  }
}

function exportPath(filter: AuditFilter, format: 'jsonl' | 'cef'): string {
  const given = Object.entries(filter).filter((pair): pair is [string, string] => Boolean(pair[1]))
  return `/v1/audit/export?${new URLSearchParams([['format', format], ...given]).toString()}`
}

/** Who did what: filtered, in detail, exported, and whether it still adds up. */
export default function AuditPart() {
  const [params, change] = useQueryState()
  const filter = useMemo(() => filterOf(params), [params])
  const found = useInfiniteQuery(auditQuery(filter))
  const entries = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data])
  const checked = useChecked(entries)
  const filtered = Object.values(filter).some(Boolean)
  return (
    <SettingsPart
      wide
      title={say.settings.sections.audit}
      about={say.audit.about}
      acts={
        <DropdownMenu.Root>
          <DropdownMenu.Trigger asChild>
            <Button>
              <Download size={14} /> {say.audit.export}
            </Button>
          </DropdownMenu.Trigger>
          <DropdownMenu.Portal>
            <DropdownMenu.Content align="end" sideOffset={4} className={menuLook}>
              {(['jsonl', 'cef'] as const).map((format) => (
                <DropdownMenu.Item key={format} asChild className={menuItem}>
                  <a href={exportPath(filter, format)} download>
                    {say.audit[format]}
                  </a>
                </DropdownMenu.Item>
              ))}
            </DropdownMenu.Content>
          </DropdownMenu.Portal>
        </DropdownMenu.Root>
      }
    >
      <Verification entries={entries} checked={checked} whole={!filtered} />
      <div>
        <Filters params={params} change={change} filtered={filtered} />
        {found.isPending ? (
          <Waiting />
        ) : found.isError ? (
          <Trouble error={found.error} again={() => void found.refetch()} />
        ) : entries.length === 0 ? (
          <Blank title={say.audit.none} />
        ) : (
          <ol aria-label={say.audit.list}>
            {entries.map((one) => (
              <Row key={one.seq} entry={one} checked={checked.get(one.seq)} />
            ))}
          </ol>
        )}
        {found.hasNextPage && (
          <Button className="mt-4" disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
            {say.audit.more}
          </Button>
        )}
      </div>
    </SettingsPart>
  )
}

const NONE = new Map<number, Checked>()

function useChecked(entries: readonly Entry[]): Map<number, Checked> {
  const organisation = useMe().data?.organisation_id
  const [checked, setChecked] = useState(NONE)
  useEffect(() => {
    if (!organisation || !entries.length) return
    let gone = false
    void checkChain(organisation, entries).then((found) => !gone && setChecked(found))
    return () => {
      gone = true
    }
  }, [organisation, entries])
  return checked
}

function Filters({
  params,
  change,
  filtered,
}: {
  params: URLSearchParams
  change: (patch: Record<string, string | null>) => void
  filtered: boolean
}) {
  const act = params.get('act') ?? ''
  const known = Object.entries(say.audit.acts)
  const options: [string, string][] = [['', say.audit.find.actAny], ...known]
  if (act && !(act in say.audit.acts)) options.push([act, act])
  return (
    <div className="mb-3 flex flex-wrap items-center gap-2">
      <Select
        aria-label={say.audit.find.act}
        className="w-44"
        value={act}
        onChange={(event) => change({ act: event.target.value })}
        options={options}
      />
      {(['actor', 'target'] as const).map((name) => (
        <input
          key={name}
          type="search"
          aria-label={say.audit.find[name]}
          placeholder={say.audit.find[name]}
          defaultValue={params.get(name) ?? ''}
          maxLength={500}
          // The log is asked when the words are whole, not at each letter.
          onBlur={(event) => change({ [name]: event.target.value.trim() })}
          onKeyDown={(event) => event.key === 'Enter' && change({ [name]: event.currentTarget.value.trim() })}
          className={cn(inputLook, 'h-8 w-48')}
        />
      ))}
      {(['since', 'until'] as const).map((name) => (
        <label key={name} className="flex items-center gap-1.5 text-xs text-ink-3">
          {say.audit.find[name]}
          <input
            type="date"
            value={params.get(name) ?? ''}
            onChange={(event) => change({ [name]: event.target.value })}
            className={cn(inputLook, 'h-8 w-36')}
          />
        </label>
      ))}
      {filtered && (
        <Button kind="bare" onClick={() => change({ act: null, actor: null, target: null, since: null, until: null })}>
          {say.audit.clear}
        </Button>
      )}
    </div>
  )
}

/** In a line or two: how far the log is signed, and whether what is shown adds up. */
function Verification({
  entries,
  checked,
  whole,
}: {
  entries: readonly Entry[]
  checked: Map<number, Checked>
  whole: boolean
}) {
  const when = useWhen()
  const points = useQuery(checkpointsQuery()).data
  const last = points?.reduce<(typeof points)[number] | null>(
    (newest, one) => (newest === null || one.seq > newest.seq ? one : newest),
    null,
  )
  const broken = [...checked.values()].filter((one) => one === 'broken').length
  const fits = [...checked.values()].filter((one) => one === 'fits').length
  const top = whole ? entries[0]?.seq : undefined
  const Icon = broken ? ShieldAlert : ShieldCheck
  return (
    <section aria-label={say.audit.state} className="flex items-start gap-4 rounded-xl bg-raised px-5 py-4">
      <Icon
        size={22}
        strokeWidth={1.6}
        aria-hidden
        className={`mt-0.5 shrink-0 ${broken ? 'text-act-critical' : 'text-ok'}`}
      />
      <div role="status" className="text-[13px]">
        {points && (
          <p className="text-[15px] font-[580]">
            {last ? say.audit.signed(last.seq, when(last.at)) : say.audit.unsigned}
            {last && top !== undefined && (
              <span className="font-normal text-ink-3">, {say.audit.behind(Math.max(0, top - last.seq))}</span>
            )}
          </p>
        )}
        {broken > 0 ? (
          <p className="mt-0.5 text-act-critical">{say.audit.breaks(broken)}</p>
        ) : (
          fits > 0 && <p className="mt-0.5 text-ink-2">{say.audit.checks(fits)}</p>
        )}
        <p className="mt-0.5 text-xs text-ink-3">{say.audit.how}</p>
      </div>
    </section>
  )
}

function Row({ entry, checked }: { entry: Entry; checked?: Checked }) {
  const when = useWhen()
  const [open, setOpen] = useState(false)
  return (
    <li className="border-b text-[13px]">
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="grid min-h-9 w-full grid-cols-[16px_44px_148px_170px_minmax(0,1fr)_minmax(0,1fr)] items-center gap-3 py-1 text-left hover:bg-raised max-lg:grid-cols-[16px_32px_140px_minmax(0,1fr)_minmax(0,1fr)]"
      >
        <ChevronRight size={13} aria-hidden className={`text-ink-3 transition-transform ${open ? 'rotate-90' : ''}`} />
        <span
          className={`text-right text-xs tabular-nums ${checked === 'broken' ? 'text-act-critical' : 'text-ink-3'}`}
        >
          {checked === 'broken' ? '✕ ' : ''}
          {entry.seq}
        </span>
        <span className="text-xs text-ink-3 tabular-nums">{when(entry.at)}</span>
        <span className="truncate font-mono text-xs">{entry.act}</span>
        <span className="truncate font-mono text-xs text-ink-2">{plainLine(entry.target, 200)}</span>
        <span className="truncate text-xs text-ink-3 max-lg:hidden">{plainLine(entry.actor.label, 160)}</span>
      </button>
      {open && <Detail entry={entry} checked={checked} />}
    </li>
  )
}

function Detail({ entry, checked }: { entry: Entry; checked?: Checked }) {
  const changed = differences(entry.before, entry.after)
  return (
    <div className="mb-3 ml-7 rise rounded-lg bg-sunk px-4 py-3 text-xs">
      {changed.length > 0 && (
        <table className="mb-3 w-full table-fixed">
          <thead className="text-left text-2xs text-ink-3">
            <tr>
              <th className="w-40 font-normal">{say.audit.field}</th>
              <th className="font-normal">{say.audit.before}</th>
              <th className="font-normal">{say.audit.after}</th>
            </tr>
          </thead>
          <tbody className="align-top font-mono">
            {changed.map((one) => (
              <tr key={one.field}>
                <td className="pr-3 text-ink-2">{one.field}</td>
                {[one.before, one.after].map((value, i) => (
                  <td key={i} className={`pr-3 [overflow-wrap:anywhere] ${i === 0 ? 'text-ink-3' : 'text-ink'}`}>
                    {value === undefined ? (
                      <span className="font-sans text-ink-3">{say.audit.nothing}</span>
                    ) : (
                      <EvidenceText text={value.slice(0, 2000)} />
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p className="text-ink-3">
        {plainLine(entry.actor.label, 160)} {entry.address && `${say.audit.from} ${plainLine(entry.address, 60)} · `}
        {say.audit.request} <span className="font-mono">{plainLine(entry.request_id, 60) || say.notSet}</span> ·{' '}
        {say.audit.hash} <span className="font-mono">{entry.hash.slice(0, 16)}…</span>
      </p>
      {checked && (
        <p className={checked === 'broken' ? 'text-act-critical' : checked === 'fits' ? 'text-ok' : 'text-ink-3'}>
          {checked === 'fits'
            ? `✓ ${say.audit.chained}`
            : checked === 'broken'
              ? `✕ ${say.audit.broken}`
              : say.audit.unread}
        </p>
      )}
    </div>
  )
}
