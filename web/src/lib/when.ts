'use client'
import { useZone } from './preferences'
import { say } from './strings'
import { parseTime, stampText, zoneName } from './time'

/** A time of the API as it is read: `2031-05-14 22:06 UTC`, in the zone that was chosen. */
export function useWhen(): (time: string | null | undefined) => string {
  const [zone] = useZone()
  return (time) => {
    if (!time) return say.notSet
    const ms = parseTime(time)
    return `${stampText(ms, zone, false).slice(0, 16)} ${zoneName(zone, ms)}`
  }
}
