import { ChevronDown } from 'lucide-react'
import type { ComponentProps } from 'react'
import { useId } from 'react'
import { cn } from '@/lib/cn'
import { inputLook } from './field'

type Options = readonly (readonly [value: string, text: string])[]

/** One of some values: the platform's own list, so that every keyboard and reader knows it. */
export function Select({
  options,
  className,
  ...rest
}: ComponentProps<'select'> & { options: Options; 'aria-label'?: string }) {
  return (
    <span className={cn('relative inline-block', className)}>
      <select {...rest} className={cn(inputLook, 'h-8 appearance-none pr-8 disabled:opacity-45')}>
        {options.map(([value, text]) => (
          <option key={value} value={value} className="bg-raised text-ink">
            {text}
          </option>
        ))}
      </select>
      <ChevronDown
        size={13}
        aria-hidden
        className="pointer-events-none absolute top-1/2 right-2.5 -translate-y-1/2 text-ink-3"
      />
    </span>
  )
}

/** The same with its name above. */
export function SelectField({
  label,
  hint,
  ...rest
}: ComponentProps<typeof Select> & { label: string; hint?: string }) {
  const id = useId()
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="text-xs font-[540] text-ink-2">
        {label}
      </label>
      <Select id={id} {...rest} className={cn('w-full [&>select]:h-9', rest.className)} />
      {hint && <p className="text-xs text-ink-3">{hint}</p>}
    </div>
  )
}
