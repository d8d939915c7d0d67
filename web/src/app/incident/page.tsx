import { Suspense } from 'react'
import { Splash } from '@/components/shell/splash'
import { IncidentPage } from '@/features/incident/incident-page'

export default function Page() {
  return (
    <Suspense fallback={<Splash />}>
      <IncidentPage />
    </Suspense>
  )
}
