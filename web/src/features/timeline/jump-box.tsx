'use client'
import { Crosshair } from 'lucide-react'
import { useId, useState } from 'react'
import { tell } from '@/components/ui/notices'
import { useZone } from '@/lib/preferences'
import { say } from '@/lib/strings'
import { zoneName } from '@/lib/time'
import { useFilm } from './context'
import { parseWhen } from './when'

/** Go to a time: playhead, lanes and table are there at once, however far it is. */
export function JumpBox() {
  const id = useId()
  const film = useFilm()
  const [zone] = useZone()
  const [text, setText] = useState('')
  const [bad, setBad] = useState(false)
  const go = () => {
    const { playhead, view, whole } = film.get()
    const at = parseWhen(text, playhead ?? view.from, zone)
    if (at === null) return setBad(true)
    if (at < whole.from || at > whole.to) tell(say.jump.beyond)
    film.set({ playing: false })
    film.seek(at)
    setText('')
  }
  return (
    <form
      className="relative flex h-7 items-center gap-1.5 rounded-md bg-sunk px-2 ring-1 ring-hair ring-inset focus-within:ring-2 focus-within:ring-accent"
      onSubmit={(event) => {
        event.preventDefault()
        go()
      }}
    >
      <Crosshair size={12} className="shrink-0 text-ink-3" />
      <input
        data-jump
        aria-label={`${say.jump.label} (${zoneName(zone)})`}
        aria-invalid={bad ? true : undefined}
        aria-describedby={bad ? `${id}-bad` : undefined}
        title={say.jump.hint}
        placeholder={say.jump.label}
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setBad(false)
        }}
        onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
        className="w-40 bg-transparent font-mono text-xs text-ink outline-none placeholder:font-sans placeholder:text-ink-3"
      />
      {bad && (
        <p
          id={`${id}-bad`}
          role="alert"
          className="absolute right-0 bottom-8 z-20 w-72 rounded-md bg-lifted px-2.5 py-1.5 text-xs text-act-high shadow-lg"
        >
          {say.jump.bad}
        </p>
      )}
    </form>
  )
}
