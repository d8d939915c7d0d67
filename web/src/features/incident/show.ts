/** The story as a show: beats that can be read from the back of a room, and how long each is held. */
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { OURS } from '@/features/timeline/engine/lanes'
import { shortText, type ChapterName, type Entry, type Story } from './story'

export interface Beat {
  id: string
  chapter: ChapterName
  /** The first of its chapter: the chapter is announced with it. */
  opens: boolean
  entries: Entry[]
  time: number
  text: string
  place: string
}

const LEAST_MS = 2200
const PER_CHAR_MS = 34
const OPENING_MS = 1600
const MOST_MS = 7000
const TEXT = 130

/** What follows each other on one machine by one kind of act is told once: a board does not watch twelve downloads. */
export function beatsOf(story: Pick<Story, 'entries'>): Beat[] {
  const beats: Beat[] = []
  const begun = new Set<ChapterName>()
  for (const entry of story.entries) {
    const last = beats[beats.length - 1]
    const before = last?.entries[0]
    if (last && before && joins(before, entry)) {
      last.entries.push(entry)
      continue
    }
    const chapter = chapterOf(entry, last?.chapter ?? 'delivery', begun)
    beats.push({
      id: entry.id,
      chapter,
      opens: !begun.has(chapter),
      entries: [entry],
      time: entry.time,
      text: entry.entry.summary ? shortText(entry.entry, TEXT) : entry.text,
      place: placeOf(entry),
    })
    begun.add(chapter)
  }
  return beats
}

/** What people said before anybody acted belongs to what was going on; our own acts begin the response. */
const chapterOf = ({ chapter, lanes }: Entry, going: ChapterName, begun: ReadonlySet<ChapterName>): ChapterName =>
  chapter === 'response' && lanes.host !== OURS && !begun.has('response') ? going : chapter

const joins = (a: Entry, b: Entry) =>
  a.chapter === b.chapter &&
  a.entry.verb === b.entry.verb &&
  a.entry.kind === b.entry.kind &&
  a.entry.kind !== 'comm' &&
  a.lanes.host === b.lanes.host &&
  a.toHost === b.toHost

function placeOf({ lanes, toHost, entry }: Entry): string {
  if (lanes.host === OURS) return say.timeline.ours
  if (entry.kind === 'comm') return say.timeline.people
  if (lanes.host.startsWith('\u0000')) return ''
  return plainLine(toHost ? `${lanes.host} → ${toHost}` : lanes.host, 60)
}

/** Long enough to be read aloud once; a chapter's opening is held longer. */
export function holdOf(beat: Beat): number {
  const read = LEAST_MS + beat.text.length * PER_CHAR_MS
  return Math.min(MOST_MS, read) + (beat.opens ? OPENING_MS : 0)
}

/** The beat that is on when the playhead stands there; -1 before the first. */
export const beatAt = (beats: readonly Beat[], at: number | null) =>
  at === null ? -1 : beats.findLastIndex((beat) => beat.time <= at + 0.0005)

/** Where the chapter before or after the one of a beat begins. */
export function chapterFrom(beats: readonly Beat[], at: number, direction: 1 | -1): number {
  if (direction > 0) {
    const next = beats.findIndex((beat, i) => i > at && beat.opens)
    return next < 0 ? beats.length - 1 : next
  }
  const own = beats.findLastIndex((beat, i) => i <= at && beat.opens)
  if (at > own) return Math.max(0, own)
  const before = beats.findLastIndex((beat, i) => i < own && beat.opens)
  return Math.max(0, before)
}
