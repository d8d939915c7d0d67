'use client'
import {
  Bot,
  Building2,
  Fingerprint,
  FolderSearch,
  KeyRound,
  LogIn,
  ScrollText,
  Settings,
  ShieldCheck,
  UserRound,
  Users,
  type LucideIcon,
} from 'lucide-react'
import { lazy, Suspense, useEffect, type ComponentType, type LazyExoticComponent } from 'react'
import { Frame, RailLink } from '@/components/shell/frame'
import { Blank, Trouble, Waiting } from '@/components/ui/states'
import { useMe, type Me, type Permission } from '@/lib/api/session'
import { useGo, useSegments } from '@/lib/route'
import { say } from '@/lib/strings'

type Name = keyof typeof say.settings.sections
interface Part {
  name: Name
  icon: LucideIcon
  group: 'you' | 'organisation'
  /** What one must be permitted to see it; people alone have an account. */
  needs?: Permission
  page: LazyExoticComponent<ComponentType>
}

const of = (
  name: Name,
  icon: LucideIcon,
  needs: Permission,
  load: () => Promise<{ default: ComponentType }>,
): Part => ({ name, icon, group: 'organisation', needs, page: lazy(load) })

// Each part comes when it is looked at: whoever responds to incidents loads none of them.
const PARTS: Part[] = [
  { name: 'account', icon: UserRound, group: 'you', page: lazy(() => import('./account-part')) },
  { name: 'factors', icon: Fingerprint, group: 'you', page: lazy(() => import('./factors-part')) },
  { name: 'keys', icon: KeyRound, group: 'you', page: lazy(() => import('./own-keys-part')) },
  of('organisation', Building2, 'org:read', () => import('./organisation-part')),
  of('members', Users, 'member:read', () => import('./members-part')),
  of('roles', ShieldCheck, 'role:read', () => import('./roles-part')),
  of('sign-on', LogIn, 'org:write', () => import('./sign-on-part')),
  of('service-accounts', Bot, 'member:write', () => import('./service-accounts-part')),
  of('audit', ScrollText, 'audit:read', () => import('./audit-part')),
]

const pathOf = (name: Name) => (name === 'account' ? '/settings' : `/settings/${name}`)
const open = (part: Part, me: Me) => (part.needs ? me.permissions.includes(part.needs) : me.kind === 'user')

/** One's account, then the organisation: what one may not see is not there. */
export function SettingsPage() {
  const me = useMe()
  const [, name = 'account'] = useSegments()
  const part = PARTS.find((one) => one.name === name)
  const parts = me.data ? PARTS.filter((one) => open(one, me.data)) : []
  useEffect(() => {
    document.title = `${part ? say.settings.sections[part.name] : say.settings.title} · ${say.productShort}`
  }, [part])
  return (
    <Frame
      head={<h1 className="text-[15px] font-[600]">{say.settings.title}</h1>}
      rail={
        <>
          <RailLink href="/" icon={FolderSearch} text={say.nav.incidents} current={false} />
          <RailLink href="/settings" icon={Settings} text={say.nav.settings} current />
        </>
      }
      entries={parts.map((one) => ({
        id: one.name,
        group: say.palette.here,
        text: say.settings.sections[one.name],
        run: () => window.history.pushState(null, '', pathOf(one.name)),
      }))}
    >
      <div className="flex h-full min-h-0">
        <Nav parts={parts} current={name} />
        <div className="min-w-0 flex-1 overflow-y-auto" tabIndex={0} role="region" aria-label={say.settings.title}>
          {me.isError ? (
            <Trouble error={me.error} again={() => void me.refetch()} />
          ) : !me.data ? (
            <Waiting />
          ) : !part ? (
            <Blank title={say.settings.noSuch} />
          ) : !open(part, me.data) ? (
            <Blank title={say.problems.forbidden} about={say.problems.forbiddenNext} />
          ) : (
            <Suspense fallback={<Waiting />}>
              <part.page />
            </Suspense>
          )}
        </div>
      </div>
    </Frame>
  )
}

function Nav({ parts, current }: { parts: Part[]; current: string }) {
  const go = useGo()
  return (
    <nav aria-label={say.settings.nav} className="w-52 shrink-0 overflow-y-auto px-3 py-6 max-lg:w-44">
      {(['you', 'organisation'] as const).map((group) => {
        const some = parts.filter((one) => one.group === group)
        if (!some.length) return null
        return (
          <div key={group} className="mb-6">
            <p className="px-2.5 pb-1.5 eyebrow">{say.settings[group]}</p>
            <ul className="flex flex-col gap-px">
              {some.map(({ name, icon: Icon }) => (
                <li key={name}>
                  <a
                    href={pathOf(name)}
                    aria-current={name === current ? 'page' : undefined}
                    onClick={(event) => {
                      if (event.metaKey || event.ctrlKey || event.shiftKey) return
                      event.preventDefault()
                      go(pathOf(name))
                    }}
                    className="flex h-8 items-center gap-2.5 rounded-md px-2.5 text-[13px] text-ink-2 hover:bg-raised hover:text-ink aria-[current]:bg-lifted aria-[current]:text-ink"
                  >
                    <Icon size={15} strokeWidth={1.6} className="shrink-0" />
                    <span className="truncate">{say.settings.sections[name]}</span>
                  </a>
                </li>
              ))}
            </ul>
          </div>
        )
      })}
    </nav>
  )
}
