'use client'
import { Copy, Download, Printer } from 'lucide-react'
import { say } from '@/lib/strings'
import { Button } from './button'
import { tell } from './notices'

export const copyText = (text: string) =>
  void navigator.clipboard.writeText(text).then(
    () => tell(say.copied),
    () => tell(say.copyFailed, true),
  )

/** Hand the browser a text as a file. */
export function saveText(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 1000)
}

/** A secret that is shown now and never again; whoever has it says so. */
export function ShownOnce({ text, label, onDone }: { text: string; label: string; onDone: () => void }) {
  return (
    <div className="flex flex-col">
      <p className="rounded-lg p-3 evidence text-xs break-all select-all" role="status" aria-label={label}>
        {text}
      </p>
      <p className="mt-2 flex items-center gap-3 text-xs text-act-medium">
        {say.settings.made}
        <Button size="s" className="ml-auto text-ink" onClick={() => copyText(text)}>
          <Copy size={13} /> {say.copy}
        </Button>
      </p>
      <Button kind="main" className="mt-5 self-end" onClick={onDone}>
        {say.done}
      </Button>
    </div>
  )
}

/** Recovery codes: to be copied, saved or printed before the dialog lets go of them. */
export function RecoveryCodes({ codes, onKept }: { codes: readonly string[]; onKept: () => void }) {
  const text = `${say.factors.fileHead}\n\n${codes.join('\n')}\n`
  return (
    <div>
      <div data-print className="rounded-lg bg-sunk px-5 py-4">
        <p className="hidden print:block">{say.factors.fileHead}</p>
        <ol
          aria-label={say.factors.codes}
          className="grid grid-cols-1 gap-x-8 gap-y-1.5 font-mono text-[13px] tabular-nums select-all sm:grid-cols-2"
        >
          {codes.map((code, i) => (
            <li key={code} className="flex gap-3">
              <span aria-hidden className="w-5 text-right text-ink-3 select-none">
                {i + 1}
              </span>
              {code}
            </li>
          ))}
        </ol>
      </div>
      <div className="mt-3 flex flex-wrap gap-2">
        <Button size="s" onClick={() => copyText(codes.join('\n'))}>
          <Copy size={13} /> {say.copy}
        </Button>
        <Button size="s" onClick={() => saveText('ircopilot-recovery-codes.txt', text)}>
          <Download size={13} /> {say.save}
        </Button>
        <Button size="s" onClick={() => window.print()}>
          <Printer size={13} /> {say.print}
        </Button>
      </div>
      <Button kind="main" size="l" className="mt-5 w-full" onClick={onKept}>
        {say.factors.kept}
      </Button>
    </div>
  )
}
