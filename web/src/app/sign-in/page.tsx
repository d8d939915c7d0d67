import { Suspense } from 'react'
import { Splash } from '@/components/shell/splash'
import { SignInPage } from '@/features/auth/sign-in-page'

export default function Page() {
  return (
    <Suspense fallback={<Splash />}>
      <SignInPage />
    </Suspense>
  )
}
