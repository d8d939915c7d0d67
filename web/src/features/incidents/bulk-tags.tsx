'use client'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { Modal } from '@/components/ui/modal'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { tagsOf } from './bulk'
import type { Incident } from './queries'

const words = say.incidents.bulk

/** Tags to be added to all, and those to be taken away. */
export function BulkTags({
  open,
  incidents,
  close,
  run,
}: {
  open: boolean
  incidents: readonly Incident[]
  close: () => void
  run: (tagsFor: (incident: Incident) => string[]) => void
}) {
  const [text, setText] = useState('')
  const [gone, setGone] = useState<string[]>([])
  const there = [...new Set(incidents.flatMap((one) => one.tags))].sort()
  const fresh = tagsOf(text)
  const shut = () => {
    setText('')
    setGone([])
    close()
  }
  return (
    <Modal open={open} onOpen={(yes) => !yes && shut()} title={words.tagsTitle(incidents.length)}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          run((one) => [...new Set([...one.tags.filter((tag) => !gone.includes(tag)), ...fresh])])
          shut()
        }}
      >
        <Field
          label={words.addTags}
          hint={words.addTagsHint}
          value={text}
          autoFocus
          onChange={(event) => setText(event.target.value)}
        />
        {there.length > 0 && (
          <fieldset>
            <legend className="mb-1.5 text-xs font-[540] text-ink-2">{words.removeTags}</legend>
            <div className="flex flex-wrap gap-1.5">
              {there.map((tag) => (
                <Button
                  key={tag}
                  size="s"
                  aria-pressed={gone.includes(tag)}
                  className="aria-pressed:text-act-high aria-pressed:line-through"
                  onClick={() => setGone(gone.includes(tag) ? gone.filter((one) => one !== tag) : [...gone, tag])}
                >
                  {plainLine(tag, 40)}
                </Button>
              ))}
            </div>
          </fieldset>
        )}
        <div className="flex justify-end gap-2">
          <Button kind="bare" onClick={shut}>
            {say.cancel}
          </Button>
          <Button type="submit" kind="main" disabled={!fresh.length && !gone.length}>
            {words.apply}
          </Button>
        </div>
      </form>
    </Modal>
  )
}
