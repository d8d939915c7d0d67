'use client'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Fingerprint, Plus, Smartphone } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Modal } from '@/components/ui/modal'
import { tell } from '@/components/ui/notices'
import { RecoveryCodes } from '@/components/ui/shown-once'
import { Trouble, Waiting } from '@/components/ui/states'
import { api, bodyOf } from '@/lib/api/client'
import { meKey } from '@/lib/api/session'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { useWhen } from '@/lib/when'
import { EnrolApp } from '../auth/enrol-app'
import { EnrolPasskey } from '../auth/enrol-passkey'
import { Confirm } from './confirm'
import { factorsQuery, standingOf, type Enrolled, type Factor } from './queries'
import { Group, Line, SettingsPart } from './section'

type Adding = 'passkey' | 'app' | null

/** Passkeys, authenticator apps and recovery codes; above them, how well the door is shut. */
export default function FactorsPart() {
  const queries = useQueryClient()
  const found = useQuery(factorsQuery())
  const [adding, setAdding] = useState<Adding>(null)
  const [removing, setRemoving] = useState<Factor | null>(null)
  const [codes, setCodes] = useState<readonly string[]>([])
  const [renewing, setRenewing] = useState(false)
  const settled = () => {
    for (const key of [['factors'], ['sessions'], meKey]) void queries.invalidateQueries({ queryKey: key })
  }
  const onEnrolled = (enrolled: Enrolled) => {
    setAdding(null)
    setCodes(enrolled.recovery_codes)
    tell(say.factors.enrolled)
    settled()
  }
  if (found.isPending) return <Waiting />
  if (found.isError) return <Trouble error={found.error} again={() => void found.refetch()} />
  const { items, recovery_codes_left: left } = found.data
  const of = (kind: Factor['kind']) => items.filter((one) => one.kind === kind)
  return (
    <SettingsPart title={say.settings.sections.factors} about={say.factors.about}>
      <StandingLine factors={items} codes={left} />
      <Group
        title={say.factors.passkeys}
        about={say.factors.passkeysAbout}
        acts={
          <Button size="s" onClick={() => setAdding('passkey')}>
            <Plus size={13} /> {say.factors.addPasskey}
          </Button>
        }
      >
        <Factors factors={of('passkey')} onRemove={setRemoving} />
      </Group>
      <Group
        title={say.factors.apps}
        about={say.factors.appsAbout}
        acts={
          <Button size="s" onClick={() => setAdding('app')}>
            <Plus size={13} /> {say.factors.addApp}
          </Button>
        }
      >
        <Factors factors={of('totp')} onRemove={setRemoving} />
      </Group>
      <Group
        title={say.factors.codes}
        about={say.factors.codesAbout}
        acts={
          items.length > 0 && (
            <Button size="s" onClick={() => setRenewing(true)}>
              {say.factors.renew}
            </Button>
          )
        }
      >
        <p className={`py-3 text-[13px] ${items.length && left < 3 ? 'text-act-medium' : 'text-ink-2'}`}>
          {items.length ? say.factors.standing.codes(left) : say.factors.codesNone}
        </p>
      </Group>
      <Modal
        open={adding !== null}
        onOpen={(yes) => !yes && setAdding(null)}
        title={adding === 'app' ? say.factors.addApp : say.factors.addPasskey}
        about={adding === 'app' ? say.factors.appsAbout : say.factors.passkeysAbout}
      >
        {adding === 'app' ? <EnrolApp onDone={onEnrolled} /> : <EnrolPasskey onDone={onEnrolled} />}
      </Modal>
      <Modal open={codes.length > 0} keep onOpen={() => null} title={say.factors.shown} about={say.factors.shownAbout}>
        <RecoveryCodes codes={codes} onKept={() => setCodes([])} />
      </Modal>
      <Confirm
        open={renewing}
        close={() => setRenewing(false)}
        title={say.factors.renewTitle}
        about={say.factors.renewAbout}
        verb={say.factors.renew}
        run={async () => {
          setCodes((await bodyOf(api.POST('/v1/me/recovery-codes'))).recovery_codes)
          settled()
        }}
      />
      <Confirm
        open={removing !== null}
        close={() => setRemoving(null)}
        title={say.factors.removeTitle(plainLine(removing?.label ?? '', 60))}
        about={items.length === 1 ? say.factors.removeLast : say.factors.removeAbout}
        verb={say.remove}
        run={async () => {
          if (!removing) return
          await bodyOf(api.DELETE('/v1/me/factors/{factor_id}', { params: { path: { factor_id: removing.id } } }))
          settled()
        }}
      />
    </SettingsPart>
  )
}

/** In a sentence: what it takes to get in. */
function StandingLine({ factors, codes }: { factors: Factor[]; codes: number }) {
  const words = say.factors.standing
  const standing = standingOf(factors)
  const passkey = factors.some((one) => one.kind === 'passkey')
  const text = standing === 'bare' ? words.bare : standing === 'one' ? words.one : words.many(factors.length)
  const about =
    standing === 'bare' ? words.bareAbout : [standing === 'one' ? words.oneAbout : '', passkey ? words.passkey : '']
  return (
    <div className="flex items-start gap-4 rounded-xl bg-raised px-5 py-4">
      <Door standing={standing} />
      <div>
        <p className="text-[17px] leading-6 font-[580] tracking-[-0.01em]">{text}</p>
        <p className="mt-1 max-w-[60ch] text-[13px] text-pretty text-ink-3">
          {[about].flat().filter(Boolean).join(' ')}
        </p>
        {factors.length > 0 && codes === 0 && <p className="mt-1 text-[13px] text-act-medium">{words.codes(0)}</p>}
      </div>
    </div>
  )
}

/** One bolt for each thing that it takes, the open ones dashed. */
function Door({ standing }: { standing: 'bare' | 'one' | 'many' }) {
  const shut = standing === 'bare' ? 1 : standing === 'one' ? 2 : 3
  return (
    <svg viewBox="0 0 28 44" aria-hidden className="mt-0.5 h-11 w-7 shrink-0">
      {[0, 1, 2].map((i) => (
        <rect
          key={i}
          x="1.5"
          y={2 + i * 14.5}
          width="25"
          height="10"
          rx="3"
          fill={i < shut ? (standing === 'bare' ? 'var(--act-medium)' : 'var(--ok)') : 'none'}
          stroke={i < shut ? 'none' : 'var(--ink-3)'}
          strokeDasharray="2.5 2.5"
        />
      ))}
    </svg>
  )
}

function Factors({ factors, onRemove }: { factors: Factor[]; onRemove: (factor: Factor) => void }) {
  const when = useWhen()
  if (!factors.length) return <p className="py-3 text-[13px] text-ink-3">{say.factors.none}</p>
  return (
    <ul>
      {factors.map((one) => {
        const Icon = one.kind === 'passkey' ? Fingerprint : Smartphone
        const name = plainLine(one.label, 120)
        return (
          <Line
            key={one.id}
            sign={<Icon size={16} strokeWidth={1.6} />}
            name={name}
            about={`${say.settings.when(when(one.created_at))} · ${one.last_used_at ? say.settings.lastUsed(when(one.last_used_at)) : say.settings.neverUsed}`}
          >
            <Button size="s" aria-label={say.factors.removeOf(name)} onClick={() => onRemove(one)}>
              {say.remove}
            </Button>
          </Line>
        )
      })}
    </ul>
  )
}
