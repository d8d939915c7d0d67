import { cva, type VariantProps } from 'class-variance-authority'
import type { ComponentProps } from 'react'
import { cn } from '@/lib/cn'

const look = cva(
  'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md font-[540] whitespace-nowrap transition-colors duration-150 select-none disabled:pointer-events-none disabled:opacity-45',
  {
    variants: {
      kind: {
        main: 'bg-accent text-accent-ink hover:bg-[color-mix(in_oklch,var(--accent)_88%,var(--ground))]',
        plain: 'bg-lifted text-ink hover:bg-line',
        bare: 'text-ink-2 hover:bg-lifted hover:text-ink aria-pressed:bg-lifted aria-pressed:text-ink data-[state=open]:bg-lifted data-[state=open]:text-ink',
      },
      size: { s: 'h-7 px-2 text-xs', m: 'h-8 px-3 text-[13px]', l: 'h-10 px-4 text-sm', icon: 'size-7' },
    },
    defaultVariants: { kind: 'plain', size: 'm' },
  },
)

export function Button({ kind, size, className, ...rest }: ComponentProps<'button'> & VariantProps<typeof look>) {
  return <button type="button" className={cn(look({ kind, size }), className)} {...rest} />
}
