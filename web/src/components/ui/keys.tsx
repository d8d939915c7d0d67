import { Fragment } from 'react'

const NAMES: Record<string, string> = {
  ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓', Enter: '↵', Escape: 'Esc', mod: 'Ctrl', shift: '⇧',
} // prettier-ignore

/** Keys as caps: `mod+k`, `g d`, `ArrowLeft / h`. */
export function Keys({ keys }: { keys: string }) {
  return (
    <span className="inline-flex items-center gap-1 text-2xs text-ink-3">
      {keys.split(' / ').map((choice, i) => (
        <Fragment key={choice}>
          {i > 0 && <span>/</span>}
          {choice.split(' ').map((press) => (
            <span key={press} className="inline-flex gap-0.5">
              {(press === '+' ? ['+'] : press.split('+')).map((cap) => (
                <kbd
                  key={cap}
                  className="min-w-4.5 rounded bg-ground px-1 text-center font-sans text-2xs leading-4.5 text-ink-2"
                >
                  {NAMES[cap] ?? (cap.length === 1 ? cap.toUpperCase() : cap)}
                </kbd>
              ))}
            </span>
          ))}
        </Fragment>
      ))}
    </span>
  )
}
