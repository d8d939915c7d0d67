'use client'
import { useQueryClient } from '@tanstack/react-query'
import { ChevronDown, X } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { useState, type ReactNode } from 'react'
import { Sign } from '@/components/glyphs'
import { Button } from '@/components/ui/button'
import { menuItem, menuLook } from '@/components/ui/menu'
import { Modal } from '@/components/ui/modal'
import { tell } from '@/components/ui/notices'
import { told } from '@/components/ui/states'
import { api, bodyOf } from '@/lib/api/client'
import { useMembers } from '@/lib/api/members'
import { isProblem } from '@/lib/api/problem'
import { useMay } from '@/lib/api/session'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { inTurns, type Failed } from './bulk'
import { BulkTags } from './bulk-tags'
import { CloseIncidents } from './closing'
import { changeIncident, closeIncident, SEVERITIES, STATUSES, type Change, type Incident } from './queries'
import { signOf } from './severity'

const ABREAST = 4
const words = say.incidents.bulk
type Deed = (incident: Incident) => Promise<unknown>
type Open = 'tags' | 'close' | null

/** One deed on all that is selected: how far it is, and what could not be done and why. */
export function BulkBar({
  selected,
  onSelect,
}: {
  selected: readonly Incident[]
  onSelect: (ids: Set<string>) => void
}) {
  const queries = useQueryClient()
  const mayClose = useMay('incident:close')
  const members = useMembers().filter((one) => one.state === 'active' && one.kind === 'person')
  const [open, setOpen] = useState<Open>(null)
  const [done, setDone] = useState<{ n: number; all: number } | null>(null)
  const [failed, setFailed] = useState<{ some: Failed<Incident>[]; all: number; deed: Deed } | null>(null)
  const run = async (incidents: readonly Incident[], deed: Deed) => {
    setOpen(null)
    setFailed(null)
    setDone({ n: 0, all: incidents.length })
    const some = await inTurns(incidents, ABREAST, deed, (n) => setDone({ n, all: incidents.length }))
    setDone(null)
    for (const queryKey of [['incidents'], ['incident-metrics'], ['incident']])
      void queries.invalidateQueries({ queryKey })
    if (some.length < incidents.length) tell(words.done(incidents.length - some.length))
    onSelect(new Set(some.map((one) => one.item.id)))
    if (some.length) setFailed({ some, all: incidents.length, deed })
  }
  const change = (fields: Change) => void run(selected, (one) => changeIncident(one, fields))
  const again = async () => {
    if (!failed) return
    const fresh = await Promise.all(
      failed.some.map(({ item }) =>
        bodyOf(api.GET('/v1/incidents/{key}', { params: { path: { key: item.key } } })).catch(() => item),
      ),
    )
    await run(fresh, failed.deed)
  }
  return (
    <>
      {selected.length > 0 && (
        <div
          role="toolbar"
          aria-label={words.label}
          className="absolute bottom-5 left-1/2 z-20 flex -translate-x-1/2 rise items-center gap-1 rounded-xl bg-lifted py-1.5 pr-1.5 pl-4 whitespace-nowrap shadow-2xl ring-1 ring-line"
        >
          <span role="status" className="mr-3 text-[13px] font-[560] tabular-nums">
            {done ? words.working(done.n, done.all) : words.count(selected.length)}
          </span>
          {done ? (
            <span className="mr-3 h-1 w-40 overflow-hidden rounded-full bg-line">
              <span className="block h-1 bg-accent" style={{ width: `${(done.n / done.all) * 100}%` }} />
            </span>
          ) : (
            <>
              <Pick
                label={say.incidents.columns.severity}
                options={SEVERITIES.map((one) => ({
                  id: one,
                  text: say.incident.severity[one]!,
                  sign: <Sign {...signOf(one)} className="size-3" />,
                  run: () => change({ severity: one }),
                }))}
              />
              <Pick
                label={say.incidents.columns.status}
                options={STATUSES.flatMap((one) =>
                  one === 'closed'
                    ? []
                    : [{ id: one, text: say.incident.status[one]!, run: () => change({ status: one }) }],
                )}
              />
              <Pick
                label={say.incidents.columns.lead}
                options={[
                  ...members.map((one) => ({
                    id: one.id,
                    text: plainLine(one.name, 60),
                    run: () => change({ lead: one.id }),
                  })),
                  { id: '', text: say.head.noLead, run: () => change({ lead: null }) },
                ]}
              />
              <Button kind="bare" onClick={() => setOpen('tags')}>
                {words.tags}
              </Button>
              {mayClose && (
                <Button kind="bare" onClick={() => setOpen('close')}>
                  {words.close}
                </Button>
              )}
              <Button kind="bare" size="icon" aria-label={words.clear} onClick={() => onSelect(new Set())}>
                <X size={15} />
              </Button>
            </>
          )}
        </div>
      )}
      <BulkTags
        open={open === 'tags'}
        incidents={selected}
        close={() => setOpen(null)}
        run={(tagsFor) => void run(selected, (one) => changeIncident(one, { tags: tagsFor(one) }))}
      />
      <CloseIncidents
        open={open === 'close'}
        keys={selected.map((one) => one.key)}
        close={() => setOpen(null)}
        run={(closing) => void run(selected, (one) => closeIncident(one.key, closing))}
      />
      <Modal
        open={failed !== null}
        onOpen={(yes) => !yes && setFailed(null)}
        title={words.failedTitle(failed?.some.length ?? 0, failed?.all ?? 0)}
        about={words.failedAbout}
      >
        <ul className="max-h-60 overflow-y-auto text-[13px]" tabIndex={0} aria-label={words.failedAbout}>
          {failed?.some.map(({ item, error }) => (
            <li key={item.id} className="border-b py-2">
              <span className="font-mono text-xs">{plainLine(item.key, 60)}</span>
              <p className="text-xs text-act-high">{reasonOf(error)}</p>
            </li>
          ))}
        </ul>
        <div className="mt-4 flex justify-end gap-2">
          <Button kind="bare" onClick={() => setFailed(null)}>
            {say.close}
          </Button>
          <Button kind="main" onClick={() => void again()}>
            {words.retry}
          </Button>
        </div>
      </Modal>
    </>
  )
}

function reasonOf(error: unknown): string {
  if (isProblem(error) && error.status === 412) return words.meanwhile
  const { title, next } = told(error)
  return [title, next].filter(Boolean).join('. ')
}

interface Option {
  id: string
  text: string
  sign?: ReactNode
  run: () => void
}

function Pick({ label, options }: { label: string; options: Option[] }) {
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <Button kind="bare">
          {label} <ChevronDown size={13} className="text-ink-3" />
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content side="top" sideOffset={8} className={`${menuLook} max-h-80 overflow-y-auto`}>
          {options.map((one) => (
            <DropdownMenu.Item key={one.id} className={menuItem} onSelect={one.run}>
              {one.sign}
              {one.text}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
