'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { BookOpen, Plus } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import { Button } from '@/components/ui/button'
import { inputLook } from '@/components/ui/field'
import { tell } from '@/components/ui/notices'
import { Blank, Trouble, Waiting } from '@/components/ui/states'
import { isProblem } from '@/lib/api/problem'
import { useMay } from '@/lib/api/session'
import { say } from '@/lib/strings'
import { ActionCard } from './action-card'
import { PlaybookShelf } from './playbook-shelf'
import {
  actionsQuery,
  addAction,
  boardOf,
  changeAction,
  moveAction,
  PHASES,
  STATES,
  suggestActions,
  type Action,
  type ActionChange,
  type Target,
} from './queries'

const SHOWN = STATES.filter((state) => state !== 'dismissed')

/** What is to be done: columns by state, rows by phase; moved by hand, by menu, or from the keyboard. */
export function ActionsPage({ incident }: { incident: string }) {
  const queries = useQueryClient()
  const may = useMay('action:write')
  const found = useQuery(actionsQuery(incident))
  const [dragged, setDragged] = useState<Action | null>(null)
  const [adding, setAdding] = useState(false)
  const [shelf, setShelf] = useState(false)
  const reads = useMay('playbook:read')
  const now = useNow()
  const board = useMemo(() => boardOf(found.data ?? []), [found.data])
  const settled = () => queries.invalidateQueries({ queryKey: ['actions', incident] })
  const trouble = (error: unknown) =>
    tell(
      isProblem(error) && error.status === 412 ? say.actions.changed : error instanceof Error ? error.message : '',
      true,
    )
  const patch = (id: string, fields: Partial<Action>) =>
    queries.setQueryData(actionsQuery(incident).queryKey, (old) =>
      old?.map((one) => (one.id === id ? { ...one, ...fields } : one)),
    )
  const moves = ['move-action', incident]
  const move = useMutation({
    mutationKey: moves,
    // One after the other, each of the version that the one before made: whoever presses fast is not in their own way.
    scope: { id: moves.join(' ') },
    mutationFn: ({ action, state }: { action: Action; state: Target }) => {
      const now = queries.getQueryData(actionsQuery(incident).queryKey)?.find((one) => one.id === action.id)
      return moveAction(incident, now ?? action, state, null)
    },
    onMutate: async ({ action, state }) => {
      await queries.cancelQueries({ queryKey: actionsQuery(incident).queryKey })
      patch(action.id, { state })
    },
    // The card stands in another column now: whoever moved it by keys goes on with it.
    onSuccess: ({ version, rank }, { action }) => {
      patch(action.id, { version, rank })
      const card = document.querySelector(`[data-action="${CSS.escape(action.id)}"]`)
      if (!document.activeElement || document.activeElement === document.body)
        card?.querySelector<HTMLButtonElement>('button:last-of-type')?.focus()
    },
    onError: trouble,
    onSettled: () => (queries.isMutating({ mutationKey: moves }) > 1 ? undefined : settled()),
  })
  const change = useMutation({
    mutationFn: ({ action, fields }: { action: Action; fields: ActionChange }) =>
      changeAction(incident, action, fields),
    onError: trouble,
    onSettled: settled,
  })
  const suggest = useMutation({ mutationFn: () => suggestActions(incident), onError: trouble, onSettled: settled })
  if (found.isPending) return <Waiting />
  if (found.isError) return <Trouble error={found.error} again={() => void found.refetch()} />
  const head = may && (
    <>
      <Button kind={found.data.length ? 'plain' : 'main'} disabled={suggest.isPending} onClick={() => suggest.mutate()}>
        {say.actions.suggest}
      </Button>
      <Button onClick={() => setAdding(true)}>
        <Plus size={15} /> {say.actions.add}
      </Button>
      {reads && (
        <Button aria-expanded={shelf} onClick={() => setShelf((before) => !before)}>
          <BookOpen size={15} /> {say.playbooks.title}
        </Button>
      )}
    </>
  )
  const books = shelf && <PlaybookShelf incident={incident} may={may} onClose={() => setShelf(false)} />
  if (!found.data.length && !adding)
    return (
      <div className="flex h-full min-h-0">
        <div className="min-w-0 flex-1">
          <Blank title={say.actions.none} about={say.actions.noneAbout}>
            {head}
          </Blank>
        </div>
        {books}
      </div>
    )
  const rows = PHASES.filter((phase) => SHOWN.some((state) => board.get(state)!.get(phase)!.length))
  return (
    <div className="flex h-full min-h-0">
      <div className="flex min-w-0 flex-1 flex-col">
        <div className="flex items-center gap-2 px-5 pt-4 pb-3">{head}</div>
        {adding && (
          <Adding
            incident={incident}
            onDone={() => {
              setAdding(false)
              void settled()
            }}
          />
        )}
        <div
          className="min-h-0 flex-1 overflow-auto px-5 pb-8"
          tabIndex={0}
          role="region"
          aria-label={say.incident.tabs.actions}
        >
          <div className="grid min-w-[1100px] grid-cols-5 gap-x-3 gap-y-1">
            {SHOWN.map((state) => (
              <h2
                key={state}
                className="sticky top-0 z-10 flex items-baseline gap-2 bg-surface pb-2 text-xs font-[580]"
              >
                {say.actions.states[state]}
                <span className="text-ink-3 tabular-nums">{[...board.get(state)!.values()].flat().length}</span>
              </h2>
            ))}
            {rows.map((phase) => (
              <section key={phase} className="col-span-5 grid grid-cols-subgrid">
                <h3 className="col-span-5 pt-2 pb-1.5 eyebrow">{say.incident.status[phase]}</h3>
                {SHOWN.map((state) => (
                  <ul
                    key={state}
                    aria-label={`${say.incident.status[phase]}, ${say.actions.states[state]}`}
                    onDragOver={(event) => dragged && event.preventDefault()}
                    onDrop={() => {
                      if (dragged && dragged.state !== state && state !== 'suggested')
                        move.mutate({ action: dragged, state })
                      setDragged(null)
                    }}
                    className={`flex min-h-12 flex-col gap-2 rounded-lg bg-ground/60 p-1.5 transition-shadow ${dragged && dragged.state !== state ? 'ring-1 ring-accent' : ''}`}
                  >
                    {board
                      .get(state)!
                      .get(phase)!
                      .map((action) => (
                        <ActionCard
                          key={action.id}
                          incident={incident}
                          action={action}
                          may={may}
                          now={now}
                          onChange={(fields) => change.mutate({ action, fields })}
                          onDrag={setDragged}
                          onMove={(to) => move.mutate({ action, state: to })}
                        />
                      ))}
                  </ul>
                ))}
              </section>
            ))}
          </div>
        </div>
      </div>
      {books}
    </div>
  )
}

/** The time, good to half a minute: what is due becomes late while one looks. */
function useNow(): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000)
    return () => clearInterval(timer)
  }, [])
  return now
}

function Adding({ incident, onDone }: { incident: string; onDone: () => void }) {
  const [title, setTitle] = useState('')
  const [phase, setPhase] = useState<(typeof PHASES)[number]>('containment')
  const add = useMutation({
    mutationFn: () => addAction(incident, title.trim(), phase),
    onSuccess: onDone,
    onError: (error) => tell(error.message, true),
  })
  return (
    <form
      className="flex gap-2 px-5 pb-3"
      onKeyDown={(event) => event.key === 'Escape' && onDone()}
      onSubmit={(event) => {
        event.preventDefault()
        add.mutate()
      }}
    >
      <input
        autoFocus
        required
        maxLength={500}
        aria-label={say.actions.what}
        placeholder={say.actions.what}
        value={title}
        onChange={(event) => setTitle(event.target.value)}
        className={`${inputLook} max-w-lg`}
      />
      <select
        aria-label={say.incidents.columns.status}
        value={phase}
        onChange={(event) => setPhase(event.target.value as typeof phase)}
        className={`${inputLook} w-44`}
      >
        {PHASES.map((one) => (
          <option key={one} value={one}>
            {say.incident.status[one]}
          </option>
        ))}
      </select>
      <Button type="submit" kind="main" className="h-9" disabled={!title.trim() || add.isPending}>
        {say.actions.add}
      </Button>
    </form>
  )
}
