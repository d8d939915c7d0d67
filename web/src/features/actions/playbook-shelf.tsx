'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ChevronLeft, X } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { tell } from '@/components/ui/notices'
import { Blank, Trouble, Waiting } from '@/components/ui/states'
import { useNameOf } from '@/lib/api/members'
import { plainLine } from '@/lib/evidence'
import { useZone } from '@/lib/preferences'
import { say } from '@/lib/strings'
import { parseTime, spanText, stampText, zoneName } from '@/lib/time'
import { applyPlaybook, PHASES, playbooksQuery, usesQuery, type Playbook, type PlaybookUse } from './queries'

const MINUTE = 60_000

/** Playbooks beside the board: looked into, and applied with one click. */
export function PlaybookShelf({ incident, may, onClose }: { incident: string; may: boolean; onClose: () => void }) {
  const found = useQuery(playbooksQuery())
  const uses = useQuery(usesQuery(incident))
  const [open, setOpen] = useState<string | null>(null)
  const usedText = useUsedText()
  const chosen = found.data?.find((one) => one.id === open)
  const usedAs = (one: Playbook) => uses.data?.find((use) => use.playbook === one.id)
  return (
    <aside
      data-drawer
      aria-label={say.playbooks.title}
      onKeyDown={(event) => event.key === 'Escape' && (chosen ? setOpen(null) : onClose())}
      className="flex h-full w-[392px] shrink-0 slide-in flex-col bg-raised"
    >
      <header className="flex h-11 shrink-0 items-center gap-2 pr-2 pl-4">
        {chosen ? (
          <Button kind="bare" size="s" className="-ml-2" onClick={() => setOpen(null)}>
            <ChevronLeft size={14} /> {say.playbooks.back}
          </Button>
        ) : (
          <h2 className="text-[13px] font-[600]">{say.playbooks.title}</h2>
        )}
        <Button kind="bare" size="icon" aria-label={say.close} className="ml-auto" onClick={onClose}>
          <X size={15} />
        </Button>
      </header>
      {found.isError ? (
        <Trouble error={found.error} again={() => void found.refetch()} />
      ) : !found.data ? (
        <Waiting />
      ) : chosen ? (
        <Preview incident={incident} playbook={chosen} use={usedAs(chosen)} may={may} />
      ) : found.data.length === 0 ? (
        <Blank title={say.playbooks.none} />
      ) : (
        <ul className="min-h-0 flex-1 overflow-y-auto px-2 pb-4">
          {found.data.map((one) => {
            const use = usedAs(one)
            return (
              <li key={one.id}>
                <button
                  type="button"
                  onClick={() => setOpen(one.id)}
                  className="w-full rounded-lg px-2 py-2.5 text-left hover:bg-lifted"
                >
                  <span className="flex items-baseline gap-2">
                    <span className="min-w-0 flex-1 truncate text-[13px] font-[560]">{plainLine(one.name, 120)}</span>
                    <span className="shrink-0 text-2xs text-ink-3 tabular-nums">
                      {say.playbooks.steps(one.steps.length)}
                    </span>
                  </span>
                  <span className="mt-0.5 block text-xs text-pretty text-ink-3">{plainLine(one.description, 240)}</span>
                  {use && <span className="mt-1 block text-2xs text-ours">■ {usedText(use)}</span>}
                </button>
              </li>
            )
          })}
        </ul>
      )}
    </aside>
  )
}

function useUsedText(): (use: PlaybookUse) => string {
  const [zone] = useZone()
  const nameOf = useNameOf()
  return (use) => {
    const at = parseTime(use.applied_at)
    const when = `${stampText(at, zone, false).slice(0, -3)} ${zoneName(zone, at)}`
    return say.playbooks.used(plainLine(nameOf(use.applied_by), 60), when)
  }
}

function Preview({
  incident,
  playbook,
  use,
  may,
}: {
  incident: string
  playbook: Playbook
  use?: PlaybookUse
  may: boolean
}) {
  const queries = useQueryClient()
  const usedText = useUsedText()
  const apply = useMutation({
    mutationFn: () => applyPlaybook(incident, playbook),
    onSuccess: ({ again, actions }) => tell(again ? say.playbooks.again : say.playbooks.done(actions)),
    onError: (error) => tell(error.message, true),
    onSettled: () => {
      for (const name of ['actions', 'playbook-uses']) void queries.invalidateQueries({ queryKey: [name, incident] })
    },
  })
  const phases = PHASES.filter((phase) => playbook.steps.some((one) => one.phase === phase))
  return (
    <>
      <div className="min-h-0 flex-1 overflow-y-auto px-4 pb-6" tabIndex={0} role="region" aria-label={playbook.name}>
        <h3 className="text-base font-[600]">{plainLine(playbook.name, 200)}</h3>
        <p className="mt-1 text-[13px] text-pretty text-ink-2">{plainLine(playbook.description, 1000)}</p>
        {phases.map((phase) => (
          <section key={phase} className="mt-5">
            <h4 className="mb-2 eyebrow">{say.incident.status[phase]}</h4>
            <ol className="flex flex-col gap-3">
              {playbook.steps
                .filter((one) => one.phase === phase)
                .map((step, i) => (
                  <li key={i}>
                    <p className="text-[13px] leading-4.5 text-pretty">{plainLine(step.title, 300)}</p>
                    {step.description && (
                      <p className="mt-0.5 text-xs text-pretty text-ink-3">{plainLine(step.description, 600)}</p>
                    )}
                    <p className="mt-0.5 text-2xs text-ink-3 tabular-nums">
                      {[
                        step.due_in_minutes ? say.playbooks.within(spanText(step.due_in_minutes * MINUTE)) : '',
                        plainLine(step.role ?? '', 60),
                      ]
                        .filter(Boolean)
                        .join(' · ')}
                    </p>
                  </li>
                ))}
            </ol>
          </section>
        ))}
      </div>
      <footer className="flex items-center gap-3 px-4 py-3 shadow-[0_-1px_0_var(--hair)]">
        <p className={`min-w-0 flex-1 text-xs text-pretty ${use ? 'text-ours' : 'text-ink-3'}`}>
          {use ? `■ ${usedText(use)}` : say.playbooks.about}
        </p>
        {may && (
          <Button kind={use ? 'plain' : 'main'} disabled={apply.isPending} onClick={() => apply.mutate()}>
            {apply.isPending ? say.playbooks.applying : say.playbooks.apply}
          </Button>
        )}
      </footer>
    </>
  )
}
