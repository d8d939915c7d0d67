'use client'
import { ChartBarDecreasing, Columns2, Copy, Filter, FilterX } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { createContext, useContext, type ReactNode } from 'react'
import { piecesOf } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { runsOf } from '@/lib/wording'
import { menuItem, menuLook } from './ui/menu'
import { tell } from './ui/notices'

/** What can be done with a value on this page. */
export interface ValueActs {
  filterTo: (field: string, value: string) => void
  exclude: (field: string, value: string) => void
  count?: (field: string) => void
  /** Hold this host against another. */
  compare?: (host: string) => void
}
const Acts = createContext<ValueActs | null>(null)
export const ValueActsProvider = Acts.Provider

/** Text out of evidence: invisible characters are named, nothing in it is a style or a link, no two digits touch. */
export function EvidenceText({ text }: { text: string }) {
  return (
    <bdi className="[font-kerning:none]">
      {piecesOf(text).map((piece, i) =>
        piece.hidden ? (
          <span key={i} className="mx-px rounded-sm bg-lifted px-0.5 text-2xs text-act-low">
            {piece.text}
          </span>
        ) : (
          piece.text
        ),
      )}
    </bdi>
  )
}

// What is longer may have to break even in a narrow window.
const WHOLE = 40

/** A sentence of the report: its values in the face of evidence, each whole on a line as long as it fits on one. */
export function SentenceText({ text }: { text: string }) {
  return runsOf(text).map((run, i) =>
    run.value ? (
      <span
        key={i}
        className={`font-mono text-[0.88em] ${run.text.length > WHOLE ? '[overflow-wrap:anywhere]' : 'whitespace-nowrap'}`}
      >
        <EvidenceText text={run.text} />
      </span>
    ) : (
      <EvidenceText key={i} text={run.text} />
    ),
  )
}

const isHost = (field: string) => field === 'host' || field === 'host.name'

/** What may be done with a value, as the rows of its menu: the same everywhere. */
function ValueItems({ field, value }: { field: string; value: string }) {
  const acts = useContext(Acts)
  const copy = () => {
    void navigator.clipboard.writeText(value).then(() => tell(say.copied))
  }
  return (
    <>
      {acts && (
        <>
          <DropdownMenu.Item className={menuItem} onSelect={() => acts.filterTo(field, value)}>
            <Filter size={14} /> {say.evidence.filterTo}
          </DropdownMenu.Item>
          <DropdownMenu.Item className={menuItem} onSelect={() => acts.exclude(field, value)}>
            <FilterX size={14} /> {say.evidence.exclude}
          </DropdownMenu.Item>
        </>
      )}
      {acts?.count && (
        <DropdownMenu.Item className={menuItem} onSelect={() => acts.count?.(field)}>
          <ChartBarDecreasing size={14} /> {say.values.count}
        </DropdownMenu.Item>
      )}
      {acts?.compare && isHost(field) && value && (
        <DropdownMenu.Item className={menuItem} onSelect={() => acts.compare?.(value)}>
          <Columns2 size={14} /> {say.compare.with}
        </DropdownMenu.Item>
      )}
      <DropdownMenu.Item className={menuItem} onSelect={copy}>
        <Copy size={14} /> {say.evidence.copyValue}
      </DropdownMenu.Item>
    </>
  )
}

interface ValueProps {
  field: string
  value: string
  marked?: boolean
  className?: string
  children?: ReactNode
  label?: string
}

/** A value with its one menu, the same everywhere. */
export function Value({ field, value, marked = false, className, children, label }: ValueProps) {
  const look = `-mx-1 rounded px-1 text-left [overflow-wrap:anywhere] hover:bg-lifted data-[state=open]:bg-lifted ${marked ? 'bg-lifted text-ink shadow-[inset_2px_0_0_var(--act-medium)]' : ''}`
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <button type="button" className={className ?? look} aria-label={label}>
          {children ?? <EvidenceText text={value} />}
        </button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="start" sideOffset={4} className={menuLook}>
          <ValueItems field={field} value={value} />
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

export interface PointedValue {
  field: string
  value: string
  x: number
  y: number
  /** Where whoever leaves the menu goes on. */
  from: HTMLElement
}

/** The same menu for one of many values, where a menu each would be too many. */
export function ValueMenuAt({ at, onClose }: { at: PointedValue; onClose: () => void }) {
  return (
    <DropdownMenu.Root open onOpenChange={(open) => !open && onClose()}>
      <DropdownMenu.Trigger asChild>
        <span aria-hidden className="pointer-events-none fixed size-0" style={{ left: at.x, top: at.y }} />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="start"
          sideOffset={6}
          className={menuLook}
          onCloseAutoFocus={(event) => {
            event.preventDefault()
            at.from.focus()
          }}
        >
          <ValueItems field={at.field} value={at.value} />
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
