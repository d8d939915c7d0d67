import { say } from '@/lib/strings'

/** What stands in the page before its script has read the address. */
export function Splash() {
  return (
    <div className="flex h-dvh items-center justify-center bg-ground" role="status" aria-label={say.loading}>
      <div className="h-px w-40 overflow-hidden bg-line">
        <div className="h-px w-1/3 sweep bg-accent" />
      </div>
    </div>
  )
}
