'use client'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { Button } from '@/components/ui/button'
import { tell } from '@/components/ui/notices'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { filesOfDrop, filesOfInput, type Found } from './collect'
import { forgetUploads, getUploads, retryUploads, sendEvidence, subscribeUploads, type Upload } from './store'

const none: Upload[] = []

/** Evidence dropped anywhere on the page. `begin` answers with the incident that it belongs to. */
export function useEvidence(begin: (found: Found[]) => Promise<string>): (found: Found[]) => Promise<void> {
  const queries = useQueryClient()
  return async (found) => {
    if (!found.length) return
    try {
      await sendEvidence(await begin(found), found, queries)
    } catch (error) {
      tell(error instanceof Error ? error.message : String(error), true)
    }
  }
}

/** The whole window as a place to drop on, while something is dragged over it. */
export function DropAnywhere({ text, onFiles }: { text: string; onFiles: (found: Found[]) => Promise<void> }) {
  const [over, setOver] = useState(false)
  const told = useRef(onFiles)
  useEffect(() => {
    told.current = onFiles
  })
  useEffect(() => {
    let depth = 0
    const carries = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
    const enter = (event: DragEvent) => {
      if (!carries(event)) return
      depth += 1
      setOver(true)
    }
    const leave = () => {
      depth = Math.max(0, depth - 1)
      if (depth === 0) setOver(false)
    }
    const hover = (event: DragEvent) => carries(event) && event.preventDefault()
    const drop = (event: DragEvent) => {
      if (!event.dataTransfer || !carries(event)) return
      event.preventDefault()
      depth = 0
      setOver(false)
      void filesOfDrop(event.dataTransfer).then((found) => told.current(found))
    }
    window.addEventListener('dragenter', enter)
    window.addEventListener('dragleave', leave)
    window.addEventListener('dragover', hover)
    window.addEventListener('drop', drop)
    return () => {
      window.removeEventListener('dragenter', enter)
      window.removeEventListener('dragleave', leave)
      window.removeEventListener('dragover', hover)
      window.removeEventListener('drop', drop)
    }
  }, [])
  return (
    <>
      {over && (
        <div className="pointer-events-none fixed inset-3 z-40 flex items-center justify-center rounded-2xl bg-shade ring-2 ring-accent backdrop-blur-xs">
          <p className="text-lg font-[580]">{text}</p>
        </div>
      )}
      <UploadPanel />
    </>
  )
}

/** Files or a folder by the chooser: the same as dropping them, for whoever does not drag. */
export function ChooseEvidence({
  onFiles,
  kind = 'plain',
}: {
  onFiles: (found: Found[]) => Promise<void>
  kind?: 'main' | 'plain'
}) {
  const files = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)
  const chosen = (input: HTMLInputElement) => {
    if (input.files?.length) void onFiles(filesOfInput(input.files))
    input.value = ''
  }
  return (
    <>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        data-choose="files"
        onChange={(event) => chosen(event.currentTarget)}
      />
      <input
        ref={folder}
        type="file"
        hidden
        data-choose="folder"
        {...{ webkitdirectory: '' }}
        onChange={(event) => chosen(event.currentTarget)}
      />
      <Button kind={kind} onClick={() => folder.current?.click()}>
        {say.uploads.folder}
      </Button>
      <Button onClick={() => files.current?.click()}>{say.uploads.files}</Button>
    </>
  )
}

/** What is sent, or was, from this page. */
export function useUploads(): readonly Upload[] {
  return useSyncExternalStore(subscribeUploads, getUploads, () => none)
}

/** Long enough to be read; whoever wants to look longer has the evidence page. */
const DONE_MS = 4_000

function UploadPanel() {
  const uploads = useUploads()
  // When all has come there is nothing left to say, and the panel stands over what one works with.
  const through = uploads.length > 0 && uploads.every((one) => one.state === 'done')
  useEffect(() => {
    if (!through) return
    const timer = setTimeout(forgetUploads, DONE_MS)
    return () => clearTimeout(timer)
  }, [through])
  // A line that is back is used at once.
  useEffect(() => {
    const back = () => void retryUploads().catch(() => undefined)
    window.addEventListener('online', back)
    return () => window.removeEventListener('online', back)
  }, [])
  if (!uploads.length) return null
  const done = uploads.filter((one) => one.state === 'done').length
  const failed = uploads.filter((one) => one.state === 'failed').length
  const again = () => void retryUploads().catch((error: Error) => tell(error.message, true))
  const busy = uploads.some((one) => one.state === 'waiting' || one.state === 'sending')
  const [sent, size] = uploads.reduce(([a, b], one) => [a + one.sent, b + one.size], [0, 0])
  const shown = [...uploads].sort((a, b) => ORDER[a.state] - ORDER[b.state]).slice(0, 40)
  return (
    <section
      aria-label={say.uploads.title}
      className="fixed bottom-4 left-20 z-30 w-96 rise overflow-hidden rounded-xl bg-lifted shadow-2xl ring-1 ring-line"
    >
      <header className="flex items-center gap-3 px-4 pt-3 pb-2">
        <p role="status" className="text-[13px] font-[560] tabular-nums">
          {say.incidents.uploading(done, uploads.length)}
        </p>
        {!busy && (
          <span className="ml-auto flex gap-1">
            {failed > 0 && (
              <Button size="s" title={say.uploads.kept} onClick={again}>
                {say.uploads.againOf(failed)}
              </Button>
            )}
            <Button kind="bare" size="s" onClick={forgetUploads}>
              {say.close}
            </Button>
          </span>
        )}
      </header>
      <div className="h-0.5 bg-line">
        <div
          className="h-0.5 bg-accent transition-[width] duration-200"
          style={{ width: `${size ? (sent / size) * 100 : 100}%` }}
        />
      </div>
      <ul className="max-h-52 overflow-y-auto px-4 py-2" tabIndex={0} aria-label={say.uploads.title}>
        {shown.map((one) => (
          <li key={one.id} className="py-1">
            <p className="flex gap-3 font-mono text-2xs">
              <span className="min-w-0 flex-1 truncate text-ink-2">{plainLine(one.path, 200)}</span>
              <span className="text-ink-3 tabular-nums">
                {one.state === 'done'
                  ? '✓'
                  : one.state === 'failed'
                    ? '✕'
                    : `${one.size ? Math.floor((one.sent / one.size) * 100) : 0} %`}
              </span>
            </p>
            {one.problem && <p className="text-2xs text-act-high">{one.problem}</p>}
          </li>
        ))}
      </ul>
    </section>
  )
}

const ORDER: Record<Upload['state'], number> = { failed: 0, sending: 1, waiting: 2, done: 3 }
