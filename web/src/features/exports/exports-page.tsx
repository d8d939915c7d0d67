'use client'
import { useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Blank, Trouble, Waiting } from '@/components/ui/states'
import { sizeText } from '@/features/artifacts/queries'
import { api, bodyOf } from '@/lib/api/client'
import { say } from '@/lib/strings'

const PREVIEWED = 'report.pdf'

/** What the analysis made: left the documents with their hashes, right the real PDF. */
export function ExportsPage({ run }: { run: string }) {
  const found = useQuery({
    queryKey: ['outputs', run],
    queryFn: async ({ signal }) =>
      (await bodyOf(api.GET('/v1/runs/{run_id}/outputs', { params: { path: { run_id: run } }, signal }))).items,
    staleTime: Number.POSITIVE_INFINITY,
  })
  if (found.isPending) return <Waiting />
  if (found.isError) return <Trouble error={found.error} again={() => void found.refetch()} />
  if (!found.data.length) return <Blank title={say.exports.none} about={say.exports.noneAbout} />
  const pdf = found.data.some((one) => one.name === PREVIEWED)
  return (
    <div className="grid h-full grid-cols-[380px_minmax(0,1fr)]">
      <div className="overflow-y-auto p-5">
        <h2 className="mb-3 text-xl font-[620] tracking-[-0.015em]">{say.exports.title}</h2>
        <ul className="flex flex-col gap-2">
          {found.data.map((one) => (
            <li key={one.name} className="rounded-xl bg-raised p-3.5">
              <p className="flex items-center gap-2 text-[13px] font-[560]">
                {say.exports.names[one.name] ?? one.name}
                <span className="ml-auto text-xs font-[440] text-ink-3 tabular-nums">{sizeText(one.size)}</span>
                <a
                  href={`/v1/runs/${encodeURIComponent(run)}/outputs/${encodeURIComponent(one.name)}`}
                  download={one.name}
                  aria-label={`${say.exports.save} ${one.name}`}
                  className="rounded-md p-1.5 text-ink-2 hover:bg-lifted hover:text-ink"
                >
                  <Download size={14} />
                </a>
              </p>
              <p className="mt-1 font-mono text-2xs break-all text-ink-3">{one.sha256}</p>
            </li>
          ))}
        </ul>
        <h3 className="mt-6 mb-1 eyebrow">{say.exports.verify}</h3>
        <p className="text-[13px] text-pretty text-ink-2">{say.exports.verifyAbout}</p>
      </div>
      {pdf ? <Preview run={run} /> : null}
    </div>
  )
}

/** The document as it will be handed out, not a likeness of it. */
function Preview({ run }: { run: string }) {
  const [url, setUrl] = useState<string | null>(null)
  const pdf = useQuery({
    queryKey: ['pdf', run],
    queryFn: async ({ signal }) => {
      const params = { path: { run_id: run, name: PREVIEWED } }
      const call = api.GET('/v1/runs/{run_id}/outputs/{name}', { params, signal, parseAs: 'blob' })
      return new Blob([(await bodyOf(call)) as unknown as Blob], { type: 'application/pdf' })
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  })
  useEffect(() => {
    if (!pdf.data) return
    const made = URL.createObjectURL(pdf.data)
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [pdf.data])
  if (pdf.isError) return <Trouble error={pdf.error} again={() => void pdf.refetch()} />
  if (!url) return <Waiting />
  if (!navigator.pdfViewerEnabled) return <Blank title={say.exports.noPreview} />
  return (
    <iframe
      src={`${url}#toolbar=0&navpanes=0&view=FitH`}
      title={say.exports.names[PREVIEWED]}
      className="h-full w-full border-0 bg-sunk"
    />
  )
}
