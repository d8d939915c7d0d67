'use client'
import { Check, ChevronDown } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { Button } from '@/components/ui/button'
import { menuItem, menuLook } from '@/components/ui/menu'

/** Several of some values, from a menu; the button says which. */
export function Choice<T extends string>({
  label,
  all,
  names,
  chosen,
  onChange,
}: {
  label: string
  all: readonly T[]
  names: Record<string, string>
  chosen: readonly T[]
  onChange: (chosen: T[]) => void
}) {
  const flip = (one: T) => onChange(chosen.includes(one) ? chosen.filter((other) => other !== one) : [...chosen, one])
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <Button kind={chosen.length ? 'plain' : 'bare'}>
          {label}
          {chosen.length > 0 && (
            <span className="max-w-48 truncate text-ink-2">{chosen.map((one) => names[one]).join(', ')}</span>
          )}
          <ChevronDown size={13} className="text-ink-3" />
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="start" sideOffset={4} className={menuLook}>
          {all.map((one) => (
            <DropdownMenu.CheckboxItem
              key={one}
              checked={chosen.includes(one)}
              onCheckedChange={() => flip(one)}
              onSelect={(event) => event.preventDefault()}
              className={menuItem}
            >
              <span className="w-3.5">
                <DropdownMenu.ItemIndicator>
                  <Check size={14} />
                </DropdownMenu.ItemIndicator>
              </span>
              {names[one]}
            </DropdownMenu.CheckboxItem>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
