'use client'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { Button } from '@/components/ui/button'
import { inputLook } from '@/components/ui/field'
import { Trouble, Waiting } from '@/components/ui/states'
import { EvidenceText } from '@/components/value'
import { cn } from '@/lib/cn'
import { say } from '@/lib/strings'
import { hexLines, placeOfText, rawQuery, STEP, type Artifact } from './queries'

/** The very bytes, as hexadecimal or as text: from any place on, a piece at a time. */
export function Bytes({ incident, artifact, from }: { incident: string; artifact: Artifact; from: number }) {
  const [offset, setOffset] = useState(Math.max(0, from - (from % 16)))
  const [text, setText] = useState(false)
  const raw = useQuery(rawQuery(incident, artifact.sha256, offset))
  const bytes = useMemo(
    () => (raw.data ? Uint8Array.from(atob(raw.data.base64), (char) => char.charCodeAt(0)) : new Uint8Array()),
    [raw.data],
  )
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-2 font-sans">
        <Button size="s" disabled={offset === 0} onClick={() => setOffset(Math.max(0, offset - STEP))}>
          {say.artifacts.back}
        </Button>
        <Button size="s" disabled={offset + STEP >= artifact.size} onClick={() => setOffset(offset + STEP)}>
          {say.artifacts.on}
        </Button>
        <form
          onSubmit={(event) => {
            event.preventDefault()
            const place = placeOfText(new FormData(event.currentTarget).get('place'), artifact.size)
            if (place !== null) setOffset(place)
          }}
        >
          <input
            name="place"
            aria-label={say.artifacts.place}
            placeholder={say.artifacts.place}
            className={cn(inputLook, 'h-7 w-40 text-xs')}
          />
        </form>
        <span role="group" aria-label={say.artifacts.shownAs} className="ml-auto flex">
          {[false, true].map((one) => (
            <Button key={String(one)} kind="bare" size="s" aria-pressed={text === one} onClick={() => setText(one)}>
              {one ? say.artifacts.text : say.artifacts.hex}
            </Button>
          ))}
        </span>
      </div>
      {raw.isError ? (
        <Trouble error={raw.error} again={() => void raw.refetch()} />
      ) : raw.isPending ? (
        <Waiting />
      ) : text ? (
        <pre className="text-[11px] leading-4.5 whitespace-pre-wrap">
          <EvidenceText text={new TextDecoder('utf-8').decode(bytes)} />
        </pre>
      ) : (
        <pre className="text-[10.5px] leading-4 whitespace-pre">
          {hexLines(bytes, offset).map((line) => (
            <div key={line.at}>
              <span className="text-ink-3">{line.at}</span> <span className="text-ink-2">{line.hex.padEnd(47)}</span>{' '}
              <span className="text-ink">{line.text}</span>
            </div>
          ))}
        </pre>
      )}
    </>
  )
}
