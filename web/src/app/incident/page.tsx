import { Suspense } from 'react'
import { Splash } from '@/components/shell/splash'
import { IncidentPage } from '@/features/incident/incident-page'

export default function Page() {
  return (
    <>
      {/* Asks for what the page begins with before the page's own script has come; so small that it may block. */}
      <script src="/early.js" />
      <Suspense fallback={<Splash />}>
        <IncidentPage />
      </Suspense>
    </>
  )
}
