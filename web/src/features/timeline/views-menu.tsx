'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Bookmark, Link2, Trash2, Users } from 'lucide-react'
import { Popover } from 'radix-ui'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { inputLook } from '@/components/ui/field'
import { tell } from '@/components/ui/notices'
import { useMay, useMe } from '@/lib/api/session'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { forgetView, keepView, patchOf, viewOf, viewsQuery, type KeptView } from './views'

interface Props {
  incident: string
  onView: (patch: Record<string, string | null>) => void
}

/** Views that were kept, and this one to be kept or sent to somebody. */
export function ViewsMenu({ incident, onView }: Props) {
  const [open, setOpen] = useState(false)
  const copy = () => {
    void navigator.clipboard.writeText(window.location.href).then(() => tell(say.views.linked))
    setOpen(false)
  }
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <Button kind="bare" size="s">
          <Bookmark size={14} /> <span className="@max-4xl:sr-only">{say.views.title}</span>
        </Button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={6}
          collisionPadding={8}
          aria-label={say.views.title}
          className="z-50 w-80 rise rounded-xl bg-lifted p-3 shadow-[0_12px_40px_-8px_oklch(0_0_0/0.5)] ring-1 ring-line outline-none"
        >
          <Kept
            incident={incident}
            onView={(view) => {
              onView(patchOf(view, incident))
              setOpen(false)
            }}
          />
          <Keep incident={incident} onKept={() => setOpen(false)} />
          <Button kind="bare" size="s" className="mt-2 w-full justify-start" onClick={copy}>
            <Link2 size={14} /> {say.views.link}
          </Button>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

function Kept({ incident, onView }: { incident: string; onView: (view: KeptView) => void }) {
  const queries = useQueryClient()
  const me = useMe().data?.member_id
  const found = useQuery(viewsQuery())
  const forget = useMutation({
    mutationFn: (id: string) => forgetView(id),
    onSuccess: () => tell(say.views.forgotten),
    onError: (error) => tell(error.message, true),
    onSettled: () => queries.invalidateQueries({ queryKey: ['filters', 'timeline'] }),
  })
  const views = found.data ?? []
  return (
    <>
      <h3 className="pb-1 eyebrow">{say.views.title}</h3>
      {!views.length && (
        <p className="pb-1 text-xs text-ink-3">{found.isError ? found.error.message : say.views.none}</p>
      )}
      <ul className="max-h-64 overflow-y-auto">
        {views.map((view) => (
          <li key={view.id} className="group flex items-center">
            <button
              type="button"
              onClick={() => onView(view)}
              className="flex h-8 min-w-0 flex-1 items-center gap-2 rounded-md px-2 text-left text-[13px] text-ink-2 hover:bg-line hover:text-ink"
            >
              <span className="truncate">{plainLine(view.name, 80)}</span>
              {view.shared && <Users size={12} aria-label={say.views.others} className="shrink-0 text-ink-3" />}
              {view.view['incident'] === incident && (
                <span className="ml-auto size-1.5 shrink-0 rounded-full bg-accent" />
              )}
            </button>
            {view.owner === me && (
              <button
                type="button"
                aria-label={plainLine(say.views.forget(view.name))}
                disabled={forget.isPending}
                onClick={() => forget.mutate(view.id)}
                className="flex size-8 items-center justify-center text-ink-3 opacity-0 group-hover:opacity-100 hover:text-ink focus-visible:opacity-100"
              >
                <Trash2 size={13} />
              </button>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}

function Keep({ incident, onKept }: { incident: string; onKept: () => void }) {
  const queries = useQueryClient()
  const may = useMay('filter:write')
  const [name, setName] = useState('')
  const [shared, setShared] = useState(false)
  const keep = useMutation({
    mutationFn: () => keepView(name.trim(), shared, viewOf(incident, new URLSearchParams(window.location.search))),
    onSuccess: (kept) => {
      tell(plainLine(say.views.saved(kept.name)))
      onKept()
    },
    onError: (error) => tell(error.message, true),
    onSettled: () => queries.invalidateQueries({ queryKey: ['filters', 'timeline'] }),
  })
  if (!may) return null
  return (
    <form
      className="mt-2 border-t border-line pt-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (name.trim()) keep.mutate()
      }}
    >
      <div className="flex gap-1.5">
        <input
          aria-label={say.views.name}
          placeholder={say.views.name}
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
          className={`${inputLook} h-8`}
        />
        <Button type="submit" disabled={!name.trim() || keep.isPending}>
          {say.marks.keep}
        </Button>
      </div>
      <label className="mt-2 flex items-center gap-2 text-xs text-ink-2">
        <input
          type="checkbox"
          className="size-3.5 accent-[var(--accent)]"
          checked={shared}
          onChange={(event) => setShared(event.target.checked)}
        />
        {say.views.shared}
      </label>
    </form>
  )
}
