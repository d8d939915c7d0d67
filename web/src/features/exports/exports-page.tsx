'use client'
import { useQuery } from '@tanstack/react-query'
import { Copy } from 'lucide-react'
import { Tabs } from 'radix-ui'
import { Button } from '@/components/ui/button'
import { tell } from '@/components/ui/notices'
import { Blank, BusyLine, Trouble, Waiting } from '@/components/ui/states'
import { useMay } from '@/lib/api/session'
import { plainLine } from '@/lib/evidence'
import { useQueryState } from '@/lib/route'
import { say } from '@/lib/strings'
import { MadeList, OutputList, outputHref } from './made-list'
import { Preview, SaveLink, type Shown } from './preview'
import {
  fileOf,
  formatsQuery,
  isOver,
  loadMade,
  loadOutput,
  madeQuery,
  outputsQuery,
  type Format,
  type Made,
  type Output,
} from './queries'
import { useChoices, useLooked } from './use-choices'
import { Wizard } from './wizard'

const DRAFT = 'report.pdf'
const MEDIA: Record<string, string> = {
  pdf: 'application/pdf', md: 'text/markdown', json: 'application/json', csv: 'text/csv',
} // prettier-ignore
const TABS = ['new', 'made', 'draft'] as const

/** Left what the document is to be, right the document; below it, what its recipient can verify. */
export function ExportsPage({ incident, run }: { incident: string; run: string }) {
  const [query, change] = useQueryState()
  const formats = useQuery(formatsQuery())
  const made = useQuery(madeQuery(incident))
  const outputs = useQuery(outputsQuery(run))
  const mayMake = useMay('export:write')
  const tab = TABS.find((one) => one === query.get('list')) ?? 'new'
  const looks = tab === 'new' && mayMake && !query.has('export') && !query.has('output')
  const making = useChoices(incident, formats.data ?? [], () => !looks && change({ export: null, output: null }))
  const looked = useLooked(incident, making, looks)
  const error = formats.error ?? made.error ?? outputs.error
  if (error)
    return <Trouble error={error} again={() => void Promise.all([formats, made, outputs].map((q) => q.refetch()))} />
  if (!formats.data || !made.data || !outputs.data) return <Waiting />
  const chosen = made.data.find((one) => one.id === query.get('export'))
  const name = query.get('output') ?? DRAFT
  const output = outputs.data.find((one) => one.name === name)
  const choose = (id: string) => change({ export: id, output: null })
  return (
    <div className="grid h-full grid-cols-[minmax(320px,400px)_minmax(0,1fr)]">
      <Tabs.Root
        value={tab}
        onValueChange={(value) =>
          change(value === 'new' ? { list: null, export: null, output: null } : { list: value })
        }
        className="flex min-h-0 flex-col border-r"
      >
        <Tabs.List className="flex shrink-0 gap-4 border-b px-5 pt-2 text-xs" aria-label={say.exports.title}>
          {TABS.map((one) => (
            <Tabs.Trigger
              key={one}
              value={one}
              className="-mb-px h-9 border-b-2 border-transparent font-[540] text-ink-3 hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink"
            >
              {say.exports.tabs[one]}
              {one === 'made' && made.data.length > 0 && (
                <span className="ml-1.5 text-ink-3 tabular-nums">{made.data.length}</span>
              )}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <Tabs.Content value="new" className="flex min-h-0 flex-1 flex-col data-[state=inactive]:hidden" forceMount>
          {!mayMake ? (
            <Blank title={say.exports.mayNot} about={say.problems.forbiddenNext} />
          ) : formats.data.length ? (
            <Wizard incident={incident} formats={formats.data} making={making} places={looked.places} onMade={choose} />
          ) : (
            <Blank title={say.exports.noFormats} />
          )}
        </Tabs.Content>
        <Tabs.Content value="made" className="min-h-0 flex-1 overflow-y-auto p-5">
          <MadeList
            incident={incident}
            made={made.data}
            formats={formats.data}
            chosen={chosen?.id ?? null}
            onChoose={choose}
          />
        </Tabs.Content>
        <Tabs.Content value="draft" className="min-h-0 flex-1 overflow-y-auto p-5">
          <OutputList
            run={run}
            outputs={outputs.data}
            chosen={chosen ? null : name}
            onChoose={(picked) => change({ output: picked, export: null })}
          />
        </Tabs.Content>
      </Tabs.Root>
      {looks && making.format ? (
        <LookedView looked={looked} formats={formats.data} />
      ) : chosen ? (
        <MadeView incident={incident} made={chosen} />
      ) : output ? (
        <OutputView run={run} output={output} />
      ) : (
        <Blank title={say.exports.none} about={say.exports.noneAbout} />
      )}
    </div>
  )
}

interface LookedProps {
  looked: ReturnType<typeof useLooked>
  formats: Format[]
}

/** The document as it would be made now; the one before stays until the next one has come. */
function LookedView({ looked: { found, settled }, formats }: LookedProps) {
  if (found.isError) return <Trouble error={found.error} again={() => void found.refetch()} />
  const format = formats.find((one) => one.name === found.data?.format)
  if (!found.data || !format) return <Waiting label={say.exports.looking} />
  const { file, sha256 } = found.data
  const shown: Shown = {
    id: sha256,
    name: format.file_name,
    size: file.size,
    media: format.media_type,
    load: () => Promise.resolve(file),
  }
  return (
    <Document shown={shown} sha256={sha256} title={say.exports.willBe} how={say.exports.willBeAbout} busy={!settled} />
  )
}

function MadeView({ incident, made }: { incident: string; made: Made }) {
  if (!isOver(made)) return <Waiting label={say.exports.states[made.state]} />
  const { size, sha256 } = made
  if (made.state !== 'done' || size === null || sha256 === null) {
    return <Blank title={say.exports.states[made.state] ?? made.state} about={plainLine(made.error ?? '', 400)} />
  }
  const shown: Shown = {
    id: made.id,
    href: fileOf(incident, made),
    name: made.file_name ?? made.format,
    size,
    media: made.media_type ?? '',
    load: (signal) => loadMade(incident, made, signal),
  }
  return (
    <Document shown={shown} sha256={sha256} how={made.verify}>
      <SaveLink shown={shown} />
      <a
        href={fileOf(incident, made, 'manifest')}
        download="manifest.json"
        className="inline-flex h-8 items-center rounded-md px-2 text-[13px] font-[540] text-ink-2 hover:bg-lifted hover:text-ink"
      >
        {say.exports.manifest}
      </a>
    </Document>
  )
}

function OutputView({ run, output }: { run: string; output: Output }) {
  const shown: Shown = {
    id: outputHref(run, output.name),
    href: outputHref(run, output.name),
    name: output.name,
    size: output.size,
    media: MEDIA[output.name.split('.').pop() ?? ''] ?? '',
    load: (signal) => loadOutput(run, output.name, signal),
  }
  return (
    <Document shown={shown} sha256={output.sha256} how={say.exports.verifyAbout}>
      <SaveLink shown={shown} />
    </Document>
  )
}

interface DocumentProps {
  shown: Shown
  sha256: string
  title?: string
  how: string
  busy?: boolean
  children?: React.ReactNode
}

/** The document, and under it what proves that it is this one. */
function Document({ shown, sha256, title = say.exports.verify, how, busy = false, children }: DocumentProps) {
  const copy = () => void navigator.clipboard.writeText(sha256).then(() => tell(say.copied))
  return (
    <section className="flex min-h-0 min-w-0 flex-col" aria-label={shown.name}>
      <BusyLine busy={busy} />
      <div className="min-h-0 flex-1" aria-busy={busy}>
        <Preview shown={shown} />
      </div>
      <footer className="flex shrink-0 items-center gap-5 border-t bg-raised px-5 py-3">
        <div className="min-w-0 flex-1">
          <h3 className="eyebrow">{title}</h3>
          <p className="flex items-center gap-1 font-mono text-xs text-ink">
            <span className="truncate">{sha256}</span>
            <Button kind="bare" size="icon" aria-label={`${say.copy} ${say.evidence.sha256}`} onClick={copy}>
              <Copy size={13} />
            </Button>
          </p>
          <p className="text-xs text-pretty text-ink-3">{how}</p>
        </div>
        {children}
      </footer>
    </section>
  )
}
