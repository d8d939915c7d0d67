import { useId } from 'react'

/** On or off, with what that means beside it. */
export function Switch({
  label,
  about,
  on,
  disabled,
  onChange,
}: {
  label: string
  about?: string
  on: boolean
  disabled?: boolean
  onChange: (on: boolean) => void
}) {
  const id = useId()
  return (
    <div className="flex items-start gap-3">
      <button
        type="button"
        role="switch"
        aria-checked={on}
        aria-labelledby={`${id}-label`}
        aria-describedby={about ? `${id}-about` : undefined}
        disabled={disabled}
        onClick={() => onChange(!on)}
        className={`relative mt-0.5 h-5 w-9 shrink-0 rounded-full transition-colors duration-150 disabled:opacity-45 ${on ? 'bg-accent' : 'bg-line'}`}
      >
        <span
          aria-hidden
          className={`absolute top-0.5 left-0.5 size-4 rounded-full transition-transform duration-150 ${on ? 'translate-x-4 bg-accent-ink' : 'bg-ink-2'}`}
        />
      </button>
      <div className="min-w-0">
        <p id={`${id}-label`} className="text-[13px] font-[540]">
          {label}
        </p>
        {about && (
          <p id={`${id}-about`} className="text-xs text-pretty text-ink-3">
            {about}
          </p>
        )}
      </div>
    </div>
  )
}
