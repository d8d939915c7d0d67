'use client'
import { Dialog } from 'radix-ui'
import { useKnownShortcuts } from '@/lib/shortcuts'
import { say } from '@/lib/strings'
import { Keys } from '../ui/keys'
import { Shade } from '../ui/shade'

/** All keys that the page knows now. */
export function ShortcutSheet({ open, onOpen }: { open: boolean; onOpen: (open: boolean) => void }) {
  const known = useKnownShortcuts()
  const groups = [...new Set(known.map((one) => one.group))]
  return (
    <Dialog.Root open={open} onOpenChange={onOpen}>
      <Dialog.Portal>
        <Shade />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed top-[12vh] left-1/2 z-50 max-h-[76vh] w-[min(720px,92vw)] -translate-x-1/2 rise overflow-y-auto rounded-xl bg-raised p-6 shadow-2xl ring-1 ring-line outline-none"
        >
          <Dialog.Title className="text-base font-[600]">{say.shortcuts.title}</Dialog.Title>
          <div className="mt-4 columns-2 gap-10">
            {groups.map((group) => (
              <section key={group} className="mb-5 break-inside-avoid">
                <h3 className="mb-1.5 eyebrow">{group}</h3>
                <ul>
                  {known
                    .filter((one) => one.group === group)
                    .map((one) => (
                      <li
                        key={one.keys}
                        className="flex min-h-7 items-center justify-between gap-4 text-[13px] text-ink-2"
                      >
                        {one.about}
                        <Keys keys={one.keys} />
                      </li>
                    ))}
                </ul>
              </section>
            ))}
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
