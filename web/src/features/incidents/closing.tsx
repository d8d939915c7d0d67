'use client'
import { useId, useState } from 'react'
import { Button } from '@/components/ui/button'
import { inputLook } from '@/components/ui/field'
import { Modal } from '@/components/ui/modal'
import { SelectField } from '@/components/ui/select'
import { told } from '@/components/ui/states'
import type { Schemas } from '@/lib/api/client'
import { cn } from '@/lib/cn'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'

export type Closing = Schemas['Closing']
const words = say.incidents.closing
const REASONS: Closing['reason'][] = ['resolved', 'false-positive', 'duplicate', 'accepted-risk', 'other']

/** Why one incident, or several, are over. */
export function CloseIncidents({
  open,
  keys,
  close,
  run,
  error,
  busy,
}: {
  open: boolean
  keys: readonly string[]
  close: () => void
  run: (closing: Closing) => void
  error?: unknown
  busy?: boolean
}) {
  const [reason, setReason] = useState<Closing['reason']>('resolved')
  const [note, setNote] = useState('')
  return (
    <Modal
      open={open}
      onOpen={(yes) => !yes && close()}
      title={words.title(keys.length, plainLine(keys[0] ?? '', 60))}
      about={words.about}
    >
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          run({ reason, note: note.trim() })
        }}
      >
        <SelectField
          label={words.reason}
          value={reason}
          onChange={(event) => setReason(event.target.value as Closing['reason'])}
          options={REASONS.map((one) => [one, words.reasons[one]!] as const)}
        />
        <Note label={words.note} value={note} onValue={setNote} />
        {Boolean(error) && (
          <p role="alert" className="text-[13px] text-act-high">
            {told(error).title}
            <span className="block text-xs text-ink-3">{told(error).next}</span>
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button kind="bare" onClick={close}>
            {say.cancel}
          </Button>
          <Button type="submit" kind="main" disabled={busy}>
            {words.verb}
          </Button>
        </div>
      </form>
    </Modal>
  )
}

/** A few lines of one's own. */
export function Note({ label, value, onValue }: { label: string; value: string; onValue: (value: string) => void }) {
  const id = useId()
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="text-xs font-[540] text-ink-2">
        {label}
      </label>
      <textarea
        id={id}
        rows={3}
        maxLength={4000}
        value={value}
        onChange={(event) => onValue(event.target.value)}
        className={cn(inputLook, 'h-auto resize-y py-2')}
      />
    </div>
  )
}
