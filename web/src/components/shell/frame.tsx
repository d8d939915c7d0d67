'use client'
import { FolderSearch, Keyboard, LogOut, Moon, Search, Settings, Sun } from 'lucide-react'
import Link from 'next/link'
import { DropdownMenu } from 'radix-ui'
import { useMemo, useState, type ReactNode } from 'react'
import { MentionBell } from '@/features/mentions/bell'
import { useDoor, useMe, useSignOut } from '@/lib/api/session'
import { useTheme, useZone } from '@/lib/preferences'
import { useLine } from '@/lib/live'
import { initials } from '@/lib/names'
import { useGo } from '@/lib/route'
import { useShortcuts, type Shortcut } from '@/lib/shortcuts'
import { say } from '@/lib/strings'
import { zoneName } from '@/lib/time'
import { Button } from '../ui/button'
import { Hint } from '../ui/hint'
import { menuItem, menuLook } from '../ui/menu'
import { Palette, type PaletteEntry } from './palette'
import { ShortcutSheet } from './shortcut-sheet'

/** The page's frame: title line above, rail at the left, the page itself. */
export function Frame({
  head,
  rail,
  entries = [],
  children,
}: {
  head?: ReactNode
  rail?: ReactNode
  entries?: PaletteEntry[]
  children: ReactNode
}) {
  const go = useGo()
  const [zone, setZone] = useZone()
  const [theme, setTheme] = useTheme()
  const [open, setOpen] = useState<'palette' | 'keys' | null>(null)
  useDoor()
  const shortcuts = useMemo<Shortcut[]>(
    () => [
      { keys: 'mod+k', about: say.palette.open, group: say.shortcuts.general, run: () => setOpen('palette') },
      { keys: '?', about: say.shortcuts.open, group: say.shortcuts.general, run: () => setOpen('keys') },
      { keys: 'g i', about: say.nav.incidents, group: say.shortcuts.general, run: () => go('/') },
      {
        keys: 'z',
        about: say.zone.switch,
        group: say.shortcuts.general,
        run: () => setZone(zone === 'utc' ? 'local' : 'utc'),
      },
    ],
    [go, zone, setZone],
  )
  useShortcuts(shortcuts)
  const view: PaletteEntry[] = [
    {
      id: 'zone',
      group: say.palette.view,
      text: say.zone.switch,
      keys: 'z',
      run: () => setZone(zone === 'utc' ? 'local' : 'utc'),
    },
    {
      id: 'theme',
      group: say.palette.view,
      text: theme === 'dark' ? say.theme.toLight : say.theme.toDark,
      run: () => setTheme(theme === 'dark' ? 'light' : 'dark'),
    },
    { id: 'keys', group: say.palette.view, text: say.shortcuts.open, keys: '?', run: () => setOpen('keys') },
  ]
  return (
    <div className="grid h-dvh grid-cols-[auto_minmax(0,1fr)] grid-rows-[auto_minmax(0,1fr)] bg-ground">
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:rounded focus:bg-accent focus:px-3 focus:py-1 focus:text-accent-ink"
      >
        {say.skip}
      </a>
      <header className="col-span-2 flex h-12 items-center gap-3 pr-3">
        <Hint text={say.nav.incidents} keys="g i" side="right">
          <Link
            href="/"
            prefetch={false}
            className="flex h-12 w-16 items-center justify-center"
            aria-label={say.nav.incidents}
          >
            <Mark />
          </Link>
        </Hint>
        <div className="flex min-w-0 flex-1 items-center gap-3">{head}</div>
        <LineSign />
        <Hint text={say.palette.open} keys="mod+k">
          <Button kind="bare" size="icon" aria-label={say.palette.open} onClick={() => setOpen('palette')}>
            <Search size={15} />
          </Button>
        </Hint>
        <MentionBell />
        <ZoneSwitch />
        <Account onKeys={() => setOpen('keys')} />
      </header>
      <nav className="flex w-16 flex-col items-center gap-1 pt-1 pb-3">{rail}</nav>
      <main id="content" tabIndex={-1} className="min-h-0 min-w-0 rounded-tl-xl bg-surface outline-none">
        {/* Its ground is round at the corner and what stands on it is not cut: a round cut is drawn anew at each frame. */}
        <div className="h-full overflow-hidden">{children}</div>
      </main>
      <Palette
        open={open === 'palette'}
        onOpen={(yes) => setOpen(yes ? 'palette' : null)}
        entries={[...entries, ...view]}
      />
      <ShortcutSheet open={open === 'keys'} onOpen={(yes) => setOpen(yes ? 'keys' : null)} />
    </div>
  )
}

/** Says when what is shown may be older than it looks; nothing while all is well. */
function LineSign() {
  const line = useLine()
  return (
    <p role="status" className="shrink-0 text-xs font-[560] text-act-medium empty:absolute">
      {line !== 'up' && say.line[line]}
    </p>
  )
}

/** A diamond that the playhead has just passed. */
export function Mark({ size = 22 }: { size?: number }) {
  return (
    <svg viewBox="0 0 24 24" width={size} height={size} aria-hidden>
      <path d="M2.500 15h19" stroke="var(--ink-3)" strokeWidth="1.500" strokeLinecap="round" opacity=".6" />
      <path d="M8 6.500 12 12l-4 5.500L4 12z" fill="var(--act-high)" />
      <path d="M16 4v16" stroke="var(--accent)" strokeWidth="2" strokeLinecap="round" />
    </svg>
  )
}

export function ZoneSwitch() {
  const [zone, setZone] = useZone()
  return (
    <Hint text={say.zone.switch} keys="z">
      <button
        type="button"
        aria-label={`${say.zone.label} ${zoneName(zone)}. ${say.zone.switch}`}
        onClick={() => setZone(zone === 'utc' ? 'local' : 'utc')}
        className="h-7 rounded-md px-2 text-xs font-[560] text-ink-2 tabular-nums transition-colors hover:bg-lifted hover:text-ink"
      >
        {zoneName(zone)}
      </button>
    </Hint>
  )
}

function Account({ onKeys }: { onKeys: () => void }) {
  const me = useMe().data
  const signOut = useSignOut()
  const go = useGo()
  const [theme, setTheme] = useTheme()
  const name = me?.name ?? me?.label ?? ''
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <button
          type="button"
          aria-label={`${say.nav.account} ${initials(name)}`}
          className="flex size-7 items-center justify-center rounded-full bg-lifted text-2xs font-[640] text-ink-2 uppercase hover:text-ink"
        >
          {initials(name)}
        </button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="end" sideOffset={8} className={menuLook}>
          {me && (
            <div className="px-2.5 pt-1.5 pb-2">
              <p className="text-[13px] font-[560]">{name}</p>
              <p className="text-xs text-ink-3">{[me.email, me.role].filter(Boolean).join(' · ')}</p>
            </div>
          )}
          <DropdownMenu.Item className={menuItem} onSelect={() => go('/settings')}>
            <Settings size={14} /> {say.nav.settings}
          </DropdownMenu.Item>
          <DropdownMenu.Item className={menuItem} onSelect={() => setTheme(theme === 'dark' ? 'light' : 'dark')}>
            {theme === 'dark' ? <Sun size={14} /> : <Moon size={14} />}
            {theme === 'dark' ? say.theme.toLight : say.theme.toDark}
          </DropdownMenu.Item>
          <DropdownMenu.Item className={menuItem} onSelect={onKeys}>
            <Keyboard size={14} /> {say.shortcuts.open}
          </DropdownMenu.Item>
          {me?.kind === 'user' && (
            <DropdownMenu.Item className={menuItem} onSelect={() => void signOut()}>
              <LogOut size={14} /> {say.nav.signOut}
            </DropdownMenu.Item>
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

export function RailLink({
  href,
  icon: Icon,
  text,
  current,
}: {
  href: string
  icon: typeof FolderSearch
  text: string
  current: boolean
}) {
  const go = useGo()
  return (
    <a
      href={href}
      aria-current={current ? 'page' : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return
        event.preventDefault()
        go(href)
      }}
      className="group flex w-14 flex-col items-center gap-1 rounded-lg py-2 text-ink-3 transition-colors hover:text-ink aria-[current]:bg-lifted aria-[current]:text-ink"
    >
      <Icon size={17} strokeWidth={1.6} />
      <span className="text-[10.5px] leading-3 font-[540]">{text}</span>
    </a>
  )
}
