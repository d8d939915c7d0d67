'use client'
import { Fingerprint, Smartphone } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { RecoveryCodes } from '@/components/ui/shown-once'
import type { Schemas } from '@/lib/api/client'
import { useMe, useSignInAgain } from '@/lib/api/session'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { EnrolApp } from './enrol-app'
import { EnrolPasskey } from './enrol-passkey'
import { usePasskeys } from './passkey'

type Kind = 'passkey' | 'totp'

/** The organisation asks for a second factor, and the account has none: it is enrolled here, before anything else. */
export function EnrolForm({ onDone }: { onDone: () => void }) {
  const passkeys = usePasskeys()
  const me = useMe().data
  const again = useSignInAgain()
  const [kind, setKind] = useState<Kind | null>(null)
  const [codes, setCodes] = useState<readonly string[] | null>(null)
  const organisation = me?.organisations.find((one) => one.id === me.organisation_id)?.name ?? ''
  const enrolled = (now: Schemas['EnrolledOut']) =>
    now.recovery_codes.length ? setCodes(now.recovery_codes) : onDone()
  const title = codes ? say.factors.shown : say.signIn.enrol
  const about = codes ? say.factors.shownAbout : say.signIn.enrolAbout(plainLine(organisation, 60))
  return (
    <div className="flex flex-col gap-5">
      <header>
        <h1 className="text-[28px] leading-9 font-[620] tracking-[-0.02em]">{title}</h1>
        <p className="mt-2 text-[13px] text-pretty text-ink-3">{about}</p>
      </header>
      {codes ? (
        <RecoveryCodes codes={codes} onKept={onDone} />
      ) : (
        <>
          <div role="radiogroup" aria-label={say.factors.which} className="flex flex-col gap-2">
            {(['passkey', 'totp'] as const)
              .filter((one) => one === 'totp' || passkeys)
              .map((one) => (
                <Choice key={one} kind={one} chosen={kind === one} onChoose={() => setKind(one)} />
              ))}
          </div>
          {kind === 'passkey' && <EnrolPasskey onDone={enrolled} />}
          {kind === 'totp' && <EnrolApp onDone={enrolled} />}
          <Button kind="bare" className="-ml-3 self-start" onClick={() => void again()}>
            {say.signIn.otherAccount}
          </Button>
        </>
      )}
    </div>
  )
}

function Choice({ kind, chosen, onChoose }: { kind: Kind; chosen: boolean; onChoose: () => void }) {
  const Icon = kind === 'passkey' ? Fingerprint : Smartphone
  return (
    <button
      type="button"
      role="radio"
      aria-checked={chosen}
      onClick={onChoose}
      className="flex items-start gap-3.5 rounded-xl bg-surface p-4 text-left ring-1 ring-line transition-colors ring-inset hover:bg-raised aria-checked:bg-raised aria-checked:ring-2 aria-checked:ring-accent"
    >
      <Icon size={20} strokeWidth={1.6} className="mt-0.5 shrink-0 text-ink-2" />
      <span>
        <span className="block text-[13px] font-[580]">{say.factors.kinds[kind]}</span>
        <span className="block text-xs text-pretty text-ink-3">
          {kind === 'passkey' ? say.factors.passkeyWhy : say.factors.appWhy}
        </span>
      </span>
    </button>
  )
}
