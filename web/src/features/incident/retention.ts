/** Days until which something is kept, as a page writes them: whole days in UTC, to their end. */

/** `2033-01-01` of a time; empty for none. */
export const dayOf = (time: string | null | undefined) => time?.slice(0, 10) ?? ''

/** The end of that day; the time that was there, if it lies on the same day: nothing is shortened unseen. */
export function endOf(day: string, before: string | null | undefined): string | null {
  if (!day) return null
  return before && dayOf(before) === day ? before : `${day}T23:59:59Z`
}

/** Whether the day comes before the one that holds already: that is refused. */
export const isShorter = (day: string, before: string | null | undefined) => dayOf(before) !== '' && day < dayOf(before)
