'use client'
import { useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Blank, Trouble, Waiting } from '@/components/ui/states'
import { EvidenceText } from '@/components/value'
import { sizeText } from '@/features/artifacts/queries'
import { say } from '@/lib/strings'

/** A document that can be looked at: where it is, and what it is. */
export interface Shown {
  /** What it is known by: its address, or the hash of what is nowhere yet. */
  id: string
  /** Where it can be had; not at all, as long as it is only looked at. */
  href?: string
  name: string
  size: number
  media: string
  load: (signal: AbortSignal) => Promise<Blob>
}

const LARGEST = 4_000_000
const SHOWN_CHARS = 40_000
const isText = (media: string) => media.startsWith('text/') || media.includes('json')

/** The document as it will be handed out, not a likeness of it. */
export function Preview({ shown }: { shown: Shown }) {
  if (shown.media === 'application/pdf') return <Pdf key={shown.href} shown={shown} />
  if (isText(shown.media) && shown.size <= LARGEST) return <Text key={shown.href} shown={shown} />
  return (
    <Blank title={shown.name} about={say.exports.notShown}>
      <SaveLink shown={shown} />
    </Blank>
  )
}

/** Nothing for what is only looked at. */
export function SaveLink({ shown }: { shown: Shown }) {
  if (!shown.href) return null
  return (
    <a
      href={shown.href}
      download={shown.name}
      className="inline-flex h-8 items-center gap-1.5 rounded-md bg-lifted px-3 text-[13px] font-[540] hover:bg-line"
    >
      <Download size={14} /> {say.exports.save}
      <span className="text-ink-3 tabular-nums">{sizeText(shown.size)}</span>
    </a>
  )
}

function useFile(shown: Shown) {
  return useQuery({
    queryKey: ['file', shown.id],
    queryFn: async ({ signal }) => new Blob([await shown.load(signal)], { type: shown.media }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  })
}

function Pdf({ shown }: { shown: Shown }) {
  const file = useFile(shown)
  const [url, setUrl] = useState<string | null>(null)
  useEffect(() => {
    if (!file.data) return
    const made = URL.createObjectURL(file.data)
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [file.data])
  if (file.isError) return <Trouble error={file.error} again={() => void file.refetch()} />
  if (!url) return <Waiting />
  if (!navigator.pdfViewerEnabled) {
    return (
      <Blank title={say.exports.noPreview}>
        <SaveLink shown={shown} />
      </Blank>
    )
  }
  return (
    <iframe
      src={`${url}#toolbar=0&navpanes=0&view=FitH`}
      title={say.exports.preview(shown.name)}
      className="h-full w-full border-0 bg-sunk"
    />
  )
}

function Text({ shown }: { shown: Shown }) {
  const file = useFile(shown)
  const text = useQuery({
    queryKey: ['file-text', shown.id],
    queryFn: async () => (await file.data!.text()).slice(0, SHOWN_CHARS),
    enabled: file.data !== undefined,
    gcTime: 60_000,
  })
  if (file.isError) return <Trouble error={file.error} again={() => void file.refetch()} />
  if (text.data === undefined) return <Waiting />
  return (
    <div
      role="region"
      aria-label={say.exports.preview(shown.name)}
      tabIndex={0}
      className="h-full overflow-y-auto p-6 evidence text-ink-2"
    >
      <EvidenceText text={text.data} />
      {shown.size > text.data.length && <p className="mt-4 text-ink-3">{say.exports.cut}</p>}
    </div>
  )
}
