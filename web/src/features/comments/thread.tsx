'use client'
import { Ellipsis } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { menuItem, menuLook } from '@/components/ui/menu'
import { EvidenceText } from '@/components/value'
import { useMembers } from '@/lib/api/members'
import { useMe } from '@/lib/api/session'
import { plainLine } from '@/lib/evidence'
import { useZone } from '@/lib/preferences'
import { say } from '@/lib/strings'
import { parseTime, stampText, zoneName } from '@/lib/time'
import { Composer } from './composer'
import type { Comment, Deed } from './queries'
import { authorOf, bodyPieces, type Thread } from './threads'

interface Props {
  thread: Thread
  may: boolean
  busy: boolean
  onDeed: (deed: Deed) => Promise<boolean>
}

/** What was said, one after the other, and the answer to it. */
export function ThreadView({ thread, may, busy, onDeed }: Props) {
  const [editing, setEditing] = useState<string | null>(null)
  return (
    <li className={`flex flex-col gap-2.5 ${thread.resolved ? 'opacity-80' : ''}`}>
      <ol className="flex flex-col gap-2.5">
        {thread.comments.map((comment) => (
          <Said
            key={comment.id}
            comment={comment}
            may={may}
            busy={busy}
            editing={editing === comment.id}
            onEdit={(yes) => setEditing(yes ? comment.id : null)}
            onDeed={onDeed}
          />
        ))}
      </ol>
      {may && (
        <div className="flex items-start gap-1.5">
          {!thread.resolved && (
            <div className="min-w-0 flex-1">
              <Composer
                label={say.comments.answer}
                send={say.comments.send}
                busy={busy}
                onSend={(body) => onDeed({ say: body, answer: thread.id })}
              />
            </div>
          )}
          <Button
            kind="bare"
            size="s"
            className={thread.resolved ? '-ml-2' : 'mt-0.5'}
            disabled={busy}
            onClick={() => void onDeed({ settle: thread.id, resolved: !thread.resolved })}
          >
            {thread.resolved ? say.comments.reopen : say.comments.resolve}
          </Button>
        </div>
      )}
    </li>
  )
}

function Said({
  comment,
  may,
  busy,
  editing,
  onEdit,
  onDeed,
}: {
  comment: Comment
  may: boolean
  busy: boolean
  editing: boolean
  onEdit: (yes: boolean) => void
  onDeed: Props['onDeed']
}) {
  const [zone] = useZone()
  const me = useMe().data?.member_id
  if (comment.deleted_at) return <li className="text-xs text-ink-3 italic">{say.comments.removed}</li>
  const at = parseTime(comment.created_at)
  return (
    <li className="group/said">
      <div className="flex h-6 items-center gap-1.5">
        <span className="truncate text-xs font-[580]">{plainLine(authorOf(comment), 60)}</span>
        <time dateTime={comment.created_at} className="shrink-0 text-2xs text-ink-3 tabular-nums">
          {stampText(at, zone, false).slice(5, -3)} {zoneName(zone, at)}
          {comment.edited_at && ` · ${say.comments.edited}`}
        </time>
        {may && comment.author === me && !editing && (
          <DropdownMenu.Root>
            <DropdownMenu.Trigger asChild>
              <Button kind="bare" size="icon" aria-label={say.comments.more} className="ml-auto size-6">
                <Ellipsis size={14} />
              </Button>
            </DropdownMenu.Trigger>
            <DropdownMenu.Portal>
              <DropdownMenu.Content
                align="end"
                className={menuLook}
                onCloseAutoFocus={(event) => event.preventDefault()}
              >
                <DropdownMenu.Item className={menuItem} onSelect={() => onEdit(true)}>
                  {say.comments.edit}
                </DropdownMenu.Item>
                <DropdownMenu.Item className={menuItem} onSelect={() => void onDeed({ remove: comment })}>
                  {say.comments.remove}
                </DropdownMenu.Item>
              </DropdownMenu.Content>
            </DropdownMenu.Portal>
          </DropdownMenu.Root>
        )}
      </div>
      {editing ? (
        <Composer
          focus
          label={say.comments.edit}
          start={comment.body}
          send={say.comments.save}
          busy={busy}
          onCancel={() => onEdit(false)}
          onSend={async (body) => {
            const taken = await onDeed({ rewrite: comment, body })
            if (taken) onEdit(false)
            return taken
          }}
        />
      ) : (
        <Body text={comment.body} />
      )}
    </li>
  )
}

/** Plain text, whatever it holds; only members are shown by their names. */
function Body({ text }: { text: string }) {
  const members = useMembers().map(({ id, name, email }) => ({ id, name, email: email ?? null }))
  return (
    <p className="text-[13px] leading-4.5 [overflow-wrap:anywhere] whitespace-pre-wrap">
      {bodyPieces(text, members).map((piece, i) =>
        piece.member ? (
          <span key={i} className="font-[580] text-said">
            {plainLine(piece.text, 80)}
          </span>
        ) : (
          <EvidenceText key={i} text={piece.text} />
        ),
      )}
    </p>
  )
}
