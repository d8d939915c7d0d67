'use client'
import { KeyRound } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Modal } from '@/components/ui/modal'
import { ShownOnce } from '@/components/ui/shown-once'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { useWhen } from '@/lib/when'
import { Confirm } from './confirm'
import type { ApiKey } from './queries'
import { Line } from './section'

/** Keys, those of use first; each can be ended, or replaced by one like it. */
export function KeyList({
  keys,
  owner,
  onRevoke,
  onRotate,
}: {
  keys: readonly ApiKey[]
  owner?: (key: ApiKey) => string
  onRevoke?: (id: string) => Promise<void>
  onRotate?: (key: ApiKey) => Promise<string>
}) {
  const when = useWhen()
  const [asked, setAsked] = useState<{ verb: 'revoke' | 'rotate'; key: ApiKey } | null>(null)
  const [secret, setSecret] = useState('')
  const useful = keys.filter((one) => one.state === 'valid' || one.state === 'suspended')
  const old = keys.filter((one) => !useful.includes(one))
  const about = (key: ApiKey) =>
    [
      owner?.(key),
      say.roles.names[key.role],
      key.scopes && say.keys.scopesN(key.scopes.length),
      key.expires_at ? say.settings.expires(when(key.expires_at)) : say.settings.noEnd,
      key.last_used_at ? say.settings.lastUsed(when(key.last_used_at)) : say.settings.neverUsed,
    ]
      .filter(Boolean)
      .join(' · ')
  const line = (key: ApiKey) => {
    const name = plainLine(key.name, 120)
    const works = key.state === 'valid'
    return (
      <Line
        key={key.id}
        sign={<KeyRound size={15} strokeWidth={1.6} />}
        name={
          <>
            {name} <span className="ml-1 font-mono text-2xs font-normal text-ink-3">{key.id}</span>
          </>
        }
        about={about(key)}
        dim={!works}
      >
        {works ? (
          <>
            {onRotate && (
              <Button
                size="s"
                kind="bare"
                aria-label={say.keys.rotateOf(name)}
                onClick={() => setAsked({ verb: 'rotate', key })}
              >
                {say.keys.rotate}
              </Button>
            )}
            {onRevoke && (
              <Button size="s" aria-label={say.keys.revokeOf(name)} onClick={() => setAsked({ verb: 'revoke', key })}>
                {say.keys.revoke}
              </Button>
            )}
          </>
        ) : (
          <span className="text-xs text-ink-3">{say.keys.states[key.state]}</span>
        )}
      </Line>
    )
  }
  const name = plainLine(asked?.key.name ?? '', 60)
  const rotating = asked?.verb === 'rotate'
  return (
    <div>
      <ul className="border-t">{useful.map(line)}</ul>
      {old.length > 0 && (
        <details className="mt-4">
          <summary className="cursor-pointer text-xs text-ink-3 hover:text-ink">{say.keys.old(old.length)}</summary>
          <ul>{old.map(line)}</ul>
        </details>
      )}
      <Confirm
        open={asked !== null}
        close={() => setAsked(null)}
        title={rotating ? say.keys.rotateTitle(name) : say.keys.revokeTitle(name)}
        about={rotating ? say.keys.rotateAbout : say.keys.revokeAbout}
        verb={rotating ? say.keys.rotate : say.keys.revoke}
        run={async () => {
          if (!asked) return
          if (rotating) setSecret((await onRotate?.(asked.key)) ?? '')
          else await onRevoke?.(asked.key.id)
        }}
      />
      <Modal open={secret !== ''} keep onOpen={() => null} title={say.keys.madeTitle}>
        <ShownOnce text={secret} label={say.keys.madeTitle} onDone={() => setSecret('')} />
      </Modal>
    </div>
  )
}
