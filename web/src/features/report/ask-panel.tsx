'use client'
import { X } from 'lucide-react'
import { Button } from '@/components/ui/button'
import { say } from '@/lib/strings'

/** Where a model will answer and redraft. Without one there is nothing to press, and it says so. */
export function AskPanel({ onClose }: { onClose: () => void }) {
  const parts = [say.ask.question, say.ask.redraft, say.ask.templates, say.ask.cost]
  return (
    <aside
      data-drawer
      aria-label={say.ask.title}
      className="flex h-full w-[392px] shrink-0 slide-in flex-col overflow-y-auto bg-raised max-[1100px]:absolute max-[1100px]:inset-y-0 max-[1100px]:right-0 max-[1100px]:z-40 max-[1100px]:shadow-2xl"
      tabIndex={0}
    >
      <header className="flex h-11 shrink-0 items-center pr-2 pl-4">
        <h2 className="text-[13px] font-[600]">{say.ask.title}</h2>
        <Button kind="bare" size="icon" className="ml-auto" aria-label={say.close} onClick={onClose}>
          <X size={15} />
        </Button>
      </header>
      <div className="px-4 pb-8">
        <p className="text-base leading-6 font-[560] text-balance">{say.ask.none}</p>
        <p className="mt-1.5 text-[13px] leading-5 text-pretty text-ink-2">{say.ask.whole}</p>
        <h3 className="mt-7 mb-3 eyebrow">{say.ask.comes}</h3>
        <dl className="flex flex-col gap-4">
          {parts.map(([name, about]) => (
            <div key={name} className="border-l-2 border-line pl-3">
              <dt className="text-[13px] font-[560]">{name}</dt>
              <dd className="mt-0.5 text-[13px] leading-5 text-pretty text-ink-3">{about}</dd>
            </div>
          ))}
        </dl>
      </div>
    </aside>
  )
}
