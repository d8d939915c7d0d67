'use client'
import { Check, Download, ImageDown, Layers, Pin } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { useQuery } from '@tanstack/react-query'
import { Sign } from '@/components/glyphs'
import { Button } from '@/components/ui/button'
import { Hint } from '@/components/ui/hint'
import { menuItem, menuLook } from '@/components/ui/menu'
import { GROUPINGS, type Grouping } from '@/features/timeline/engine/lanes'
import type { Glyph } from '@/features/timeline/engine/marks'
import { marksQuery } from '@/features/timeline/marking'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { LAYERS, type Layer } from './layers'

export function GroupSwitch({ by, onChange }: { by: Grouping; onChange: (by: Grouping) => void }) {
  return (
    <div role="radiogroup" aria-label={say.timeline.group} className="flex rounded-md bg-sunk p-0.5">
      {GROUPINGS.map((one) => (
        <button
          key={one}
          type="button"
          role="radio"
          aria-checked={one === by}
          onClick={() => onChange(one)}
          className="h-7 rounded px-2.5 text-xs font-[540] text-ink-3 transition-colors hover:text-ink aria-checked:bg-lifted aria-checked:text-ink"
        >
          {say.timeline.by[one]}
        </button>
      ))}
    </div>
  )
}

/** Whether counts are on their way: told to who shows it alone, for it changes often while somebody zooms. */
export class Waits {
  private waiting = false
  private readonly listeners = new Set<() => void>()

  get = (): boolean => this.waiting

  set = (waiting: boolean): void => {
    this.waiting = waiting
    for (const listener of this.listeners) listener()
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}

const SIGNS: Record<Layer, Glyph> = {
  acts: 'act', found: 'found', rare: 'rare', chat: 'said', ours: 'ours', marked: 'pin',
} // prettier-ignore

/** What stands on the axis, and what does not. */
export function LayersMenu({ hidden, onChange }: { hidden: ReadonlySet<string>; onChange: (hidden: string) => void }) {
  const toggle = (layer: Layer) =>
    onChange(LAYERS.filter((one) => (one === layer ? !hidden.has(one) : hidden.has(one))).join(','))
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <Button kind="bare" size="s">
          <Layers size={14} /> <span className="@max-4xl:sr-only">{say.layers.title}</span>
          {hidden.size > 0 && <span className="text-ink-3 tabular-nums">{LAYERS.length - hidden.size}</span>}
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="end" className={menuLook}>
          {LAYERS.map((layer) => (
            <DropdownMenu.CheckboxItem
              key={layer}
              checked={!hidden.has(layer)}
              onCheckedChange={() => toggle(layer)}
              onSelect={(event) => event.preventDefault()}
              className={menuItem}
            >
              <Sign glyph={SIGNS[layer]} severity="high" className="size-3" />
              {say.layers.names[layer]}
              <DropdownMenu.ItemIndicator className="ml-auto">
                <Check size={14} />
              </DropdownMenu.ItemIndicator>
            </DropdownMenu.CheckboxItem>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

/** Events that people marked, as a filter. */
export function MarkedMenu({ incident, onSearch }: { incident: string; onSearch: (term: string) => void }) {
  const { data } = useQuery(marksQuery(incident))
  const any = data && (data.pinned > 0 || data.tags.length > 0)
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <Button kind="bare" size="s">
          <Pin size={14} /> <span className="@max-4xl:sr-only">{say.marks.lane}</span>
          {any && <span className="text-ink-3 tabular-nums">{data.pinned + data.tags.length}</span>}
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="end" className={`${menuLook} max-h-96 max-w-80 overflow-y-auto`}>
          {!any && <p className="px-2.5 py-2 text-xs text-pretty text-ink-3">{say.marks.none}</p>}
          {data && data.pinned > 0 && (
            <DropdownMenu.Item className={menuItem} onSelect={() => onSearch('pinned:true')}>
              {say.marks.onlyPinned(data.pinned)}
            </DropdownMenu.Item>
          )}
          {data?.tags.map(({ tag, events }) => (
            <DropdownMenu.Item key={tag} className={menuItem} onSelect={() => onSearch(`tag:"${tag}"`)}>
              <span className="truncate">{plainLine(say.marks.onlyTag(tag, events), 80)}</span>
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

export function SaveButtons({ onPng, onCsv }: { onPng: () => void; onCsv: () => void }) {
  return (
    <div className="flex">
      <Hint text={say.timeline.png}>
        <Button kind="bare" size="icon" aria-label={say.timeline.png} onClick={onPng}>
          <ImageDown size={15} />
        </Button>
      </Hint>
      <Hint text={say.timeline.csv}>
        <Button kind="bare" size="icon" aria-label={say.timeline.csv} onClick={onCsv}>
          <Download size={15} />
        </Button>
      </Hint>
    </div>
  )
}
