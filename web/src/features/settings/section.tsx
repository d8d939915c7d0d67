'use client'
import type { ReactNode } from 'react'
import { Button } from '@/components/ui/button'
import { told } from '@/components/ui/states'
import { isProblem } from '@/lib/api/problem'
import { useSignInAgain } from '@/lib/api/session'
import { say } from '@/lib/strings'

/** A page of the settings: what it is about, what can be done with all of it, then its parts. */
export function SettingsPart({
  title,
  about,
  acts,
  wide = false,
  children,
}: {
  title: string
  about?: string
  acts?: ReactNode
  wide?: boolean
  children: ReactNode
}) {
  return (
    <section aria-label={title} className={`px-8 pt-7 pb-16 ${wide ? '' : 'max-w-3xl'}`}>
      <header className="flex flex-wrap items-start gap-x-6 gap-y-3">
        <div className="min-w-0 flex-1">
          <h2 className="text-[22px] leading-7 font-[620] tracking-[-0.015em]">{title}</h2>
          {about && <p className="mt-1 max-w-[68ch] text-[13px] text-pretty text-ink-3">{about}</p>}
        </div>
        {acts && <div className="flex items-center gap-2">{acts}</div>}
      </header>
      <div className="mt-6 flex flex-col gap-10">{children}</div>
    </section>
  )
}

/** Some of it that belongs together. */
export function Group({
  title,
  about,
  acts,
  children,
}: {
  title: string
  about?: string
  acts?: ReactNode
  children: ReactNode
}) {
  return (
    <section aria-label={title}>
      <header className="flex items-end gap-4 border-b border-line pb-2">
        <div className="min-w-0 flex-1">
          <h3 className="text-[13px] font-[600]">{title}</h3>
          {about && <p className="text-xs text-pretty text-ink-3">{about}</p>}
        </div>
        {acts}
      </header>
      {children}
    </section>
  )
}

export const lineLook = 'flex min-h-13 items-center gap-4 border-b py-2 text-[13px]'

/** A thing and what is known of it, in two lines. */
export function Line({
  sign,
  name,
  about,
  dim = false,
  children,
}: {
  sign?: ReactNode
  name: ReactNode
  about?: ReactNode
  dim?: boolean
  children?: ReactNode
}) {
  return (
    <li className={lineLook}>
      {sign && <span className="flex w-5 shrink-0 justify-center text-ink-3">{sign}</span>}
      <span className={`min-w-0 flex-1 ${dim ? 'text-ink-3' : ''}`}>
        <span className="block truncate font-[540]">{name}</span>
        {about && <span className="block truncate text-xs text-ink-3 tabular-nums">{about}</span>}
      </span>
      {children}
    </li>
  )
}

/** What went wrong, where it was asked; who signed in too long ago is shown the way. */
export function Refusal({ error }: { error: unknown }) {
  const again = useSignInAgain()
  if (!error) return null
  if (isProblem(error, 'sign-in-again')) {
    return (
      <div role="alert" className="flex items-center gap-3 rounded-lg bg-sunk px-3 py-2.5 text-[13px] text-act-medium">
        <span className="flex-1 text-pretty">{say.settings.again}</span>
        <Button size="s" className="text-ink" onClick={() => void again()}>
          {say.settings.signInAgain}
        </Button>
      </div>
    )
  }
  const { title, next } = told(error)
  return (
    <p role="alert" className="text-[13px] text-pretty text-act-high">
      {title}
      {next && <span className="block text-xs text-ink-3">{next}</span>}
    </p>
  )
}
