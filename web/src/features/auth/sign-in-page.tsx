'use client'
import { useEffect } from 'react'
import { Mark, ZoneSwitch } from '@/components/shell/frame'
import { useSegments } from '@/lib/route'
import { say } from '@/lib/strings'
import { LinkForm } from './link-form'
import { Reel } from './reel'
import { WayIn } from './way-in'

/** `/sign-in`, and the two kinds of links: `/sign-in/first?token=` and `/sign-in/join?token=`. */
export function SignInPage() {
  const [, kind] = useSegments()
  useEffect(() => {
    document.title = `${say.signIn.title} · ${say.productShort}`
  }, [])
  return (
    <main className="grid h-dvh grid-cols-1 overflow-y-auto bg-ground lg:grid-cols-[minmax(0,1fr)_minmax(0,1.15fr)]">
      <section className="flex flex-col px-8 py-7 sm:px-14">
        <p className="flex items-center gap-2 text-[13px] font-[560] text-ink-2">
          <Mark /> {say.product}
          <span className="ml-auto">
            <ZoneSwitch />
          </span>
        </p>
        <div className="my-auto w-full max-w-90 py-10">
          {kind === 'first' || kind === 'join' ? <LinkForm kind={kind} /> : <WayIn />}
        </div>
      </section>
      <section aria-hidden className="relative hidden overflow-hidden bg-surface lg:block">
        <Reel />
        <p className="absolute bottom-10 left-12 max-w-[24ch] text-2xl leading-8 font-[560] tracking-[-0.015em] text-balance text-ink">
          {say.signIn.tagline}
        </p>
      </section>
    </main>
  )
}
