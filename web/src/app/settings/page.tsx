import { Suspense } from 'react'
import { Splash } from '@/components/shell/splash'
import { SettingsPage } from '@/features/settings/settings-page'

export default function Page() {
  return (
    <Suspense fallback={<Splash />}>
      <SettingsPage />
    </Suspense>
  )
}
