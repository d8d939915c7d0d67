'use client'
import { Copy, Filter, FilterX } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { createContext, useContext } from 'react'
import { piecesOf } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { menuItem, menuLook } from './ui/menu'
import { tell } from './ui/notices'

/** What can be done with a value on this page. */
export interface ValueActs {
  filterTo: (field: string, value: string) => void
  exclude: (field: string, value: string) => void
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

/** A value with its one menu, the same everywhere. */
export function Value({ field, value, marked = false }: { field: string; value: string; marked?: boolean }) {
  const acts = useContext(Acts)
  const copy = () => {
    void navigator.clipboard.writeText(value).then(() => tell(say.copied))
  }
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <button
          type="button"
          className={`-mx-1 rounded px-1 text-left [overflow-wrap:anywhere] hover:bg-lifted data-[state=open]:bg-lifted ${marked ? 'bg-lifted text-ink shadow-[inset_2px_0_0_var(--act-medium)]' : ''}`}
        >
          <EvidenceText text={value} />
        </button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="start" sideOffset={4} className={menuLook}>
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
          <DropdownMenu.Item className={menuItem} onSelect={copy}>
            <Copy size={14} /> {say.evidence.copyValue}
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
