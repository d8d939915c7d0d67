import { Tooltip } from 'radix-ui'
import type { ReactNode } from 'react'
import { Keys } from './keys'

/** A hint on pointing or focusing, with the key that does the same. */
export function Hint({
  text,
  keys,
  side = 'bottom',
  children,
}: {
  text: string
  keys?: string
  side?: 'top' | 'right' | 'bottom' | 'left'
  children: ReactNode
}) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className="z-50 flex rise items-center gap-2 rounded-md bg-lifted px-2 py-1 text-xs text-ink shadow-lg"
        >
          {text}
          {keys && <Keys keys={keys} />}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}
