'use client'
import { useQuery } from '@tanstack/react-query'
import { Command } from 'cmdk'
import { Dialog } from 'radix-ui'
import { incidentsQuery } from '@/features/incidents/queries'
import { plainLine } from '@/lib/evidence'
import { incidentPath, useGo } from '@/lib/route'
import { say } from '@/lib/strings'
import { Keys } from '../ui/keys'
import { Shade } from '../ui/shade'

export interface PaletteEntry {
  id: string
  group: string
  text: string
  keys?: string
  run: () => void
}

/** Everything that can be gone to or done, by name. */
export function Palette({
  open,
  onOpen,
  entries,
}: {
  open: boolean
  onOpen: (open: boolean) => void
  entries: PaletteEntry[]
}) {
  return (
    <Dialog.Root open={open} onOpenChange={onOpen}>
      <Dialog.Portal>
        <Shade />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed top-[14vh] left-1/2 z-50 w-[min(600px,92vw)] -translate-x-1/2 rise overflow-hidden rounded-xl bg-raised shadow-2xl ring-1 ring-line outline-none"
        >
          <Dialog.Title className="sr-only">{say.palette.open}</Dialog.Title>
          <PaletteBody entries={entries} close={() => onOpen(false)} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function PaletteBody({ entries, close }: { entries: PaletteEntry[]; close: () => void }) {
  const go = useGo()
  const incidents = useQuery(incidentsQuery())
  const groups = [...new Set(entries.map((entry) => entry.group))]
  const choose = (run: () => void) => () => {
    close()
    run()
  }
  return (
    <Command loop label={say.palette.open}>
      <Command.Input
        autoFocus
        placeholder={say.palette.placeholder}
        className="h-13 w-full bg-transparent px-4 text-[15px] text-ink outline-none placeholder:text-ink-3"
      />
      <Command.List className="max-h-[52vh] overflow-y-auto p-1.5 pt-0">
        <Command.Empty className="px-3 py-6 text-center text-[13px] text-ink-3">{say.palette.none}</Command.Empty>
        {groups.map((group) => (
          <Command.Group key={group} heading={<Heading text={group} />}>
            {entries
              .filter((entry) => entry.group === group)
              .map((entry) => (
                <Row key={entry.id} value={`${group} ${entry.text} ${entry.id}`} onSelect={choose(entry.run)}>
                  <span className="truncate">{plainLine(entry.text)}</span>
                  {entry.keys && <Keys keys={entry.keys} />}
                </Row>
              ))}
          </Command.Group>
        ))}
        {incidents.data && incidents.data.length > 0 && (
          <Command.Group heading={<Heading text={say.palette.incidents} />}>
            {incidents.data.map((incident) => (
              <Row
                key={incident.id}
                value={`${incident.key} ${incident.title}`}
                onSelect={choose(() => go(incidentPath(incident.key)))}
              >
                <span className="truncate">{plainLine(incident.title)}</span>
                <span className="font-mono text-2xs text-ink-3">{incident.key}</span>
              </Row>
            ))}
          </Command.Group>
        )}
      </Command.List>
    </Command>
  )
}

function Heading({ text }: { text: string }) {
  return <span className="block px-2.5 pt-3 pb-1 eyebrow">{text}</span>
}

function Row({ value, onSelect, children }: { value: string; onSelect: () => void; children: React.ReactNode }) {
  return (
    <Command.Item
      value={value}
      onSelect={onSelect}
      className="flex h-9 cursor-default items-center justify-between gap-4 rounded-md px-2.5 text-[13px] text-ink-2 data-[selected=true]:bg-lifted data-[selected=true]:text-ink"
    >
      {children}
    </Command.Item>
  )
}
