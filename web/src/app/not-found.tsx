import Link from 'next/link'
import { say } from '@/lib/strings'

export default function NotFound() {
  return (
    <main className="flex h-dvh flex-col items-center justify-center gap-2 bg-ground">
      <h1 className="text-base font-[600]">{say.notFound.title}</h1>
      <p className="text-[13px] text-ink-3">{say.notFound.about}</p>
      <Link href="/" prefetch={false} className="mt-3 text-[13px] underline underline-offset-4">
        {say.notFound.back}
      </Link>
    </main>
  )
}
