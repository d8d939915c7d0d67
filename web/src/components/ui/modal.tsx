'use client'
import { Dialog } from 'radix-ui'
import type { ReactNode } from 'react'
import { cn } from '@/lib/cn'
import { Shade } from './shade'

/** Something to be decided or done before going on. `keep`: it holds what is shown once, so it closes by its button alone. */
export function Modal({
  open,
  onOpen,
  title,
  about,
  keep = false,
  className,
  children,
}: {
  open: boolean
  onOpen: (open: boolean) => void
  title: string
  about?: ReactNode
  keep?: boolean
  className?: string
  children: ReactNode
}) {
  const hold = (event: Event) => keep && event.preventDefault()
  return (
    <Dialog.Root open={open} onOpenChange={onOpen}>
      <Dialog.Portal>
        <Shade />
        <Dialog.Content
          onEscapeKeyDown={hold}
          onPointerDownOutside={hold}
          onInteractOutside={hold}
          {...(about ? {} : { 'aria-describedby': undefined })}
          className={cn(
            'fixed top-1/2 left-1/2 z-50 max-h-[92dvh] w-[min(460px,94vw)] -translate-x-1/2 -translate-y-1/2 rise overflow-y-auto rounded-xl bg-raised p-6 shadow-2xl ring-1 ring-line outline-none',
            className,
          )}
        >
          <Dialog.Title className="text-base font-[600]">{title}</Dialog.Title>
          {about && (
            <Dialog.Description className="mt-1 text-[13px] text-pretty text-ink-3">{about}</Dialog.Description>
          )}
          <div className="mt-4">{children}</div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
