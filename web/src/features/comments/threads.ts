/** Comments as threads, and mentions in them. Bodies are plain text here: whatever stands in one is shown as it is. */
import { bareName } from '@/lib/names'
import type { Comment } from './queries'

export interface Thread {
  /** The first comment's id, which is also the thread's. */
  id: string
  /** The id of what it is about. */
  about: string
  resolved: boolean
  comments: Comment[]
}

/** Threads by what they are about, oldest first; one of which everything was deleted is none any more. */
export function threadsByAnchor(comments: readonly Comment[]): Map<string, Thread[]> {
  const threads = new Map<string, Thread>()
  for (const comment of comments) {
    const thread = threads.get(comment.thread) ?? {
      id: comment.thread,
      about: comment.anchor.id,
      resolved: false,
      comments: [],
    }
    if (comment.id === comment.thread) thread.resolved = comment.resolved_at !== null
    thread.comments.push(comment)
    threads.set(comment.thread, thread)
  }
  const anchors = new Map<string, Thread[]>()
  for (const thread of threads.values()) {
    if (thread.comments.every((one) => one.deleted_at !== null)) continue
    anchors.set(thread.about, [...(anchors.get(thread.about) ?? []), thread])
  }
  return anchors
}

export interface Tally {
  open: number
  resolved: number
  comments: number
}

export function tallyOf(threads: readonly Thread[]): Tally {
  const open = threads.filter((one) => !one.resolved)
  const comments = open.flatMap((one) => one.comments).filter((one) => one.deleted_at === null).length
  return { open: open.length, resolved: threads.length - open.length, comments }
}

/** Who said it, in a margin: the name without the address that the record of it has. */
export const authorOf = (comment: Pick<Comment, 'author_name'>) => bareName(comment.author_name)

interface Named {
  id: string
  name: string
  email: string | null
}

/** The mention that is being typed before the caret: where its @ stands, and what follows it. */
export function mentionAt(text: string, caret: number): { from: number; typed: string } | null {
  const found = /(?:^|[^\w@.+-])@([^\s@]{0,40})$/.exec(text.slice(0, caret))
  return found ? { from: caret - found[1]!.length - 1, typed: found[1]! } : null
}

/** Members whose name (any word of it) or address begins so. */
export function fitting<T extends Named>(members: readonly T[], typed: string, most = 6): T[] {
  const wanted = typed.toLowerCase()
  const fits = (one: T) =>
    [...one.name.split(/\s+/), one.name, one.email ?? ''].some((word) => word.toLowerCase().startsWith(wanted))
  return members.filter(fits).slice(0, most)
}

/** The text with the member named where the mention was being typed, and where the caret stands then. */
export function withMention(text: string, caret: number, member: Named): { text: string; caret: number } {
  const found = mentionAt(text, caret)
  if (!found) return { text, caret }
  const before = `${text.slice(0, found.from)}@${member.email ?? member.id} `
  return { text: before + text.slice(caret).replace(/^ /, ''), caret: before.length }
}

const MENTION = /(?<![\w@.+-])@([A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|[0-9a-f-]{16,36})(?![\w-])/g

/** A body in pieces: plain text, and members that it names. */
export function bodyPieces(body: string, members: readonly Named[]): { text: string; member: boolean }[] {
  const pieces: { text: string; member: boolean }[] = []
  let last = 0
  for (const found of body.matchAll(MENTION)) {
    const said = found[1]!.replace(/\.$/, '').toLowerCase()
    const member = members.find((one) => one.id === said || one.email?.toLowerCase() === said)
    if (!member) continue
    if (found.index > last) pieces.push({ text: body.slice(last, found.index), member: false })
    pieces.push({ text: `@${member.name}`, member: true })
    last = found.index + found[0].length
  }
  if (last < body.length) pieces.push({ text: body.slice(last), member: false })
  return pieces
}
