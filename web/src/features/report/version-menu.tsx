'use client'
import { Check, ChevronDown } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { Button } from '@/components/ui/button'
import { menuItem, menuLook } from '@/components/ui/menu'
import { useZone } from '@/lib/preferences'
import { say } from '@/lib/strings'
import { parseTime, stampText, zoneName } from '@/lib/time'
import type { VersionShort } from './queries'

export interface VersionMenuProps {
  version: number
  versions: VersionShort[]
  onVersion: (version: number) => void
  /** Against which other version this one is held; null: none. */
  onCompare: (version: number | null) => void
}

/** Which version is read, and against which it is held. */
export function VersionMenu({ version, versions, onVersion, onCompare }: VersionMenuProps) {
  const [zone] = useZone()
  const line = (one: VersionShort) => (
    <>
      <span className="tabular-nums">{say.report.version(one.version)}</span>
      <span className="text-ink-3">{say.report.states[one.state]}</span>
      <span className="ml-auto pl-4 text-xs text-ink-3 tabular-nums">
        {stampText(parseTime(one.made_at), zone, false).slice(0, -3)} {zoneName(zone, parseTime(one.made_at))}
      </span>
    </>
  )
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <Button kind="bare" className="-ml-3 text-ink">
          {say.report.version(version)} <ChevronDown size={14} />
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="start" sideOffset={4} className={`${menuLook} max-h-96 overflow-y-auto`}>
          <DropdownMenu.Label className="px-2.5 pt-1.5 pb-1 eyebrow">{say.versions.choose}</DropdownMenu.Label>
          <DropdownMenu.RadioGroup value={String(version)}>
            {versions.map((one) => (
              <DropdownMenu.RadioItem
                key={one.version}
                value={String(one.version)}
                className={menuItem}
                onSelect={() => one.version !== version && onVersion(one.version)}
              >
                <span className="w-3.5">
                  <DropdownMenu.ItemIndicator>
                    <Check size={14} />
                  </DropdownMenu.ItemIndicator>
                </span>
                {line(one)}
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
          {versions.length > 1 && (
            <>
              <DropdownMenu.Label className="px-2.5 pt-3 pb-1 eyebrow">{say.versions.compare}</DropdownMenu.Label>
              {versions
                .filter((one) => one.version !== version)
                .map((one) => (
                  <DropdownMenu.Item key={one.version} className={menuItem} onSelect={() => onCompare(one.version)}>
                    <span className="w-3.5" />
                    {line(one)}
                  </DropdownMenu.Item>
                ))}
            </>
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
