'use client'
import { useState, type ReactNode } from 'react'
import { say } from '@/lib/strings'
import { Button } from './button'
import { Field } from './field'

interface Props {
  /** What the name is of, as the field is called. */
  label: string
  hint?: string
  type?: 'text' | 'email'
  longest?: number
  verb: string
  busy: boolean
  /** Why it was not taken. */
  refused: ReactNode
  onCancel?: () => void
  onName: (name: string) => void
  /** What else is chosen. */
  children?: ReactNode
}

/** Something new begins with its name. */
export function NameForm({
  label,
  hint,
  type = 'text',
  longest = 120,
  verb,
  busy,
  refused,
  onCancel,
  onName,
  children,
}: Props) {
  const [name, setName] = useState('')
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        onName(name.trim())
      }}
    >
      <Field
        label={label}
        hint={hint}
        type={type}
        value={name}
        required
        autoFocus
        maxLength={longest}
        onChange={(event) => setName(event.target.value)}
      />
      {children}
      {refused}
      <div className="flex justify-end gap-2">
        {onCancel && (
          <Button kind="bare" onClick={onCancel}>
            {say.cancel}
          </Button>
        )}
        <Button type="submit" kind="main" disabled={!name.trim() || busy}>
          {verb}
        </Button>
      </div>
    </form>
  )
}
