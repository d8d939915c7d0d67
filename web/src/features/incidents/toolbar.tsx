'use client'
import { Plus, X } from 'lucide-react'
import type { RefObject } from 'react'
import { Button } from '@/components/ui/button'
import { inputLook } from '@/components/ui/field'
import { Select } from '@/components/ui/select'
import { useNameOf } from '@/lib/api/members'
import { cn } from '@/lib/cn'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { Choice } from './filters'
import { SEVERITIES, STATUSES, type Sort } from './queries'
import { ALL, isNarrowed, SORTS, type View } from './view'
import { ViewMenu } from './view-menu'

/** What narrows the list, and in which order it stands. */
export function Toolbar({
  view,
  onView,
  box,
  onNew,
}: {
  view: View
  onView: (view: View) => void
  box: RefObject<HTMLInputElement | null>
  onNew?: () => void
}) {
  const nameOf = useNameOf()
  const patch = (some: Partial<View>) => onView({ ...view, ...some })
  const chips: [string, () => void][] = [
    ...(view.open ? [[say.incidents.filterOpen, () => patch({ open: false })] as [string, () => void]] : []),
    ...(view.lead
      ? [
          [say.incidents.filterLead(plainLine(nameOf(view.lead), 40)), () => patch({ lead: '' })] as [
            string,
            () => void,
          ],
        ]
      : []),
    ...view.tag.map((tag): [string, () => void] => [
      say.incidents.filterTag(plainLine(tag, 40)),
      () => patch({ tag: view.tag.filter((one) => one !== tag) }),
    ]),
  ]
  return (
    <div className="flex flex-wrap items-center gap-2 px-5 py-2">
      <ViewMenu view={view} onView={onView} />
      <input
        ref={box}
        type="search"
        aria-label={say.incidents.search}
        placeholder={say.incidents.search}
        value={view.text}
        onChange={(event) => patch({ text: event.target.value })}
        className={cn(inputLook, 'h-8 w-60 max-lg:w-44')}
      />
      <Choice
        label={say.incidents.columns.severity}
        all={SEVERITIES}
        names={say.incident.severity}
        chosen={view.severity}
        onChange={(severity) => patch({ severity })}
      />
      <Choice
        label={say.incidents.columns.status}
        all={STATUSES}
        names={say.incident.status}
        chosen={view.status}
        onChange={(status) => patch({ status })}
      />
      {chips.map(([text, drop]) => (
        <Button key={text} aria-label={say.incidents.dropFilter(text)} onClick={drop}>
          {text} <X size={13} className="text-ink-3" />
        </Button>
      ))}
      {isNarrowed(view) && (
        <Button kind="bare" onClick={() => onView({ ...ALL, sort: view.sort })}>
          {say.incidents.clear}
        </Button>
      )}
      <span className="ml-auto flex items-center gap-2">
        <Select
          aria-label={say.incidents.sort}
          className="w-38"
          value={view.sort}
          onChange={(event) => patch({ sort: event.target.value as Sort })}
          options={SORTS.map((one) => [one, say.incidents.sorts[one]!] as const)}
        />
        {onNew && (
          <Button kind="main" onClick={onNew}>
            <Plus size={15} /> {say.incidents.open}
          </Button>
        )}
      </span>
    </div>
  )
}
