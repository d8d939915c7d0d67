import type { ComponentProps, ReactNode } from 'react'
import { useId } from 'react'
import { cn } from '@/lib/cn'

export const inputLook =
  'h-9 w-full rounded-md bg-sunk px-3 text-[13px] text-ink placeholder:text-ink-3 ring-1 ring-inset ring-line hover:ring-ink-3 focus:ring-2 focus:ring-accent focus:outline-none aria-invalid:ring-act-high'

/** A labelled input with its hint and what is wrong with it. */
export function Field({
  label,
  hint,
  error,
  className,
  ...rest
}: ComponentProps<'input'> & { label: string; hint?: ReactNode; error?: string | null }) {
  const id = useId()
  const told = error ?? hint
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="text-xs font-[540] text-ink-2">
        {label}
      </label>
      <input
        id={id}
        className={cn(inputLook, className)}
        aria-invalid={error ? true : undefined}
        aria-describedby={told ? `${id}-told` : undefined}
        {...rest}
      />
      {told && (
        <p id={`${id}-told`} className={cn('text-xs', error ? 'text-act-high' : 'text-ink-3')}>
          {told}
        </p>
      )}
    </div>
  )
}
