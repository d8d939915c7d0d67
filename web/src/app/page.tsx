import { Suspense } from 'react'
import { Splash } from '@/components/shell/splash'
import { IncidentsPage } from '@/features/incidents/incidents-page'

export default function Page() {
  return (
    <Suspense fallback={<Splash />}>
      <IncidentsPage />
    </Suspense>
  )
}
