'use client'
import { X } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { say } from '@/lib/strings'

interface Notice {
  id: number
  text: string
  bad: boolean
}

let notices: Notice[] = []
let last = 0
const listeners = new Set<() => void>()

function change(next: Notice[]): void {
  notices = next
  for (const listener of listeners) listener()
}

const drop = (id: number) => change(notices.filter((one) => one.id !== id))

/** Say something in the corner; what went wrong stays until it is read. */
export function tell(text: string, bad = false): void {
  const id = (last += 1)
  change([...notices.slice(-2), { id, text, bad }])
  if (!bad) setTimeout(() => drop(id), 4000)
}

const none: Notice[] = []

/** They stand above the line at the bottom where drawers and boards have their buttons. */
export function Notices() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => notices,
    () => none,
  )
  return (
    <div aria-live="polite" className="fixed right-4 bottom-20 z-50 flex w-80 flex-col gap-2">
      {shown.map((one) => (
        <div
          key={one.id}
          className="flex rise items-start gap-3 rounded-lg bg-lifted px-3.5 py-2.5 text-[13px] shadow-xl"
        >
          <span className={one.bad ? 'text-act-high' : 'text-ink'}>{one.text}</span>
          <button aria-label={say.close} onClick={() => drop(one.id)} className="ml-auto text-ink-3 hover:text-ink">
            <X size={14} />
          </button>
        </div>
      ))}
    </div>
  )
}
