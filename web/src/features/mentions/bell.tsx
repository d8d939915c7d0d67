'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Bell } from 'lucide-react'
import { Popover } from 'radix-ui'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Hint } from '@/components/ui/hint'
import { authorOf, bodyPieces } from '@/features/comments/threads'
import { useMembers } from '@/lib/api/members'
import { useMay } from '@/lib/api/session'
import { plainLine } from '@/lib/evidence'
import { useZone } from '@/lib/preferences'
import { useGo } from '@/lib/route'
import { say } from '@/lib/strings'
import { parseTime, stampText, zoneName, type Zone } from '@/lib/time'
import { mentionsQuery, placeOf, readOf, sendRead, type Mention } from './queries'

const words = say.mentions

/** Where I was named, and how much of it I have not read; each opens what it was said of. */
export function MentionBell() {
  const reads = useMay('comment:read')
  const { data } = useQuery({ ...mentionsQuery, enabled: reads })
  const [open, setOpen] = useState(false)
  const queries = useQueryClient()
  const go = useGo()
  const read = useMutation({
    mutationFn: sendRead,
    onMutate: (ids: string[]) =>
      queries.setQueryData(mentionsQuery.queryKey, (old) => old && readOf(old, new Set(ids))),
    onSettled: () => queries.invalidateQueries({ queryKey: mentionsQuery.queryKey }),
  })
  if (!reads) return null
  const unread = data?.unread ?? 0
  const fresh = data?.items.filter((one) => !one.read).map((one) => one.comment.id) ?? []
  const choose = (one: Mention) => {
    setOpen(false)
    if (!one.read) read.mutate([one.comment.id])
    go(placeOf(one))
  }
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Hint text={words.title}>
        <Popover.Trigger asChild>
          <Button kind="bare" size="icon" aria-label={words.unread(unread)} className="relative">
            <Bell size={15} />
            {unread > 0 && (
              <span
                aria-hidden
                className="absolute -top-0.5 -right-0.5 min-w-4 rounded-full bg-accent px-1 text-center text-2xs leading-4 font-[640] text-accent-ink tabular-nums"
              >
                {unread > 99 ? '99+' : unread}
              </span>
            )}
          </Button>
        </Popover.Trigger>
      </Hint>
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={8}
          collisionPadding={8}
          aria-label={words.title}
          className="z-50 flex max-h-[70vh] w-96 rise flex-col rounded-xl bg-lifted p-1.5 shadow-[0_12px_40px_-8px_oklch(0_0_0/0.5)] ring-1 ring-line outline-none"
        >
          <div className="flex h-8 items-center px-2 text-xs font-[560] text-ink-2">
            {words.title}
            {fresh.length > 0 && (
              <Button kind="bare" size="s" className="ml-auto" onClick={() => read.mutate(fresh)}>
                {words.all}
              </Button>
            )}
          </div>
          {data?.items.length ? (
            <ul className="overflow-y-auto">
              {data.items.map((one) => (
                <Line key={one.comment.id} mention={one} onChoose={() => choose(one)} />
              ))}
            </ul>
          ) : (
            <p className="px-2 pt-1 pb-3 text-xs text-ink-3">{words.none}</p>
          )}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

function Line({ mention, onChoose }: { mention: Mention; onChoose: () => void }) {
  const { comment, title, read } = mention
  const [zone] = useZone()
  const members = useMembers().map(({ id, name, email }) => ({ id, name, email: email ?? null }))
  const said = bodyPieces(comment.body, members)
    .map((piece) => piece.text)
    .join('')
  return (
    <li>
      <button
        type="button"
        onClick={onChoose}
        className="flex w-full gap-2 rounded-lg px-2 py-2 text-left hover:bg-raised focus-visible:bg-raised"
      >
        <span className={`mt-1.5 size-1.5 shrink-0 rounded-full ${read ? '' : 'bg-accent'}`}>
          {!read && <span className="sr-only">{words.fresh}</span>}
        </span>
        <span className="min-w-0 flex-1">
          <span className="flex items-baseline gap-2 text-[13px]">
            <span className="truncate font-[560]">{plainLine(authorOf(comment), 60)}</span>
            <span className="shrink-0 text-xs text-ink-3">{words.on[comment.anchor.type]}</span>
          </span>
          <span className="line-clamp-2 text-[13px] [overflow-wrap:anywhere] text-ink-2">{plainLine(said, 200)}</span>
          <span className="flex gap-2 text-xs text-ink-3 tabular-nums">
            <span className="truncate">
              {plainLine(comment.incident, 40)} · {plainLine(title, 60)}
            </span>
            <span className="ml-auto shrink-0">{when(comment.created_at, zone)}</span>
          </span>
        </span>
      </button>
    </li>
  )
}

const when = (time: string, zone: Zone) =>
  `${stampText(parseTime(time), zone).slice(5, 16)} ${zoneName(zone, parseTime(time))}`
