'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Lock, LockOpen } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { tell } from '@/components/ui/notices'
import { told } from '@/components/ui/states'
import { say } from '@/lib/strings'
import { holdArtifact, type Artifact } from './queries'

const words = say.artifacts.holds

/** A legal hold on an artifact's bytes, put or lifted with a reason, for whoever may decide that. */
export function HoldForm({ incident, artifact }: { incident: string; artifact: Artifact }) {
  const queries = useQueryClient()
  const [asking, setAsking] = useState(false)
  const [reason, setReason] = useState('')
  const held = artifact.lock?.legal_hold === true
  const decide = useMutation({
    mutationFn: () => holdArtifact(incident, artifact.sha256, reason.trim(), !held),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['artifacts', incident] })
      setAsking(false)
      setReason('')
      tell(words.done(!held))
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['custody', incident, artifact.sha256] }),
  })
  const sign = held ? <LockOpen size={13} /> : <Lock size={13} />
  const verb = held ? words.lift : words.put
  if (!asking) {
    return (
      <Button size="s" className="self-start" onClick={() => setAsking(true)}>
        {sign} {verb}
      </Button>
    )
  }
  return (
    <form
      aria-label={verb}
      className="flex flex-col gap-2"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.stopPropagation()
        setAsking(false)
      }}
      onSubmit={(event) => {
        event.preventDefault()
        if (reason.trim() && !decide.isPending) decide.mutate()
      }}
    >
      <Field
        autoFocus
        label={words.reason}
        hint={held ? words.liftAbout : words.putAbout}
        error={decide.isError ? told(decide.error).title : null}
        maxLength={200}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      <div className="flex justify-end gap-1.5">
        <Button kind="bare" size="s" onClick={() => setAsking(false)}>
          {say.cancel}
        </Button>
        <Button type="submit" kind="main" size="s" disabled={!reason.trim() || decide.isPending}>
          {sign} {verb}
        </Button>
      </div>
    </form>
  )
}
