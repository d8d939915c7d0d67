import type { Metadata, Viewport } from 'next'
import localFont from 'next/font/local'
import type { ReactNode } from 'react'
import { Providers } from '@/components/providers'
import { say } from '@/lib/strings'
import './globals.css'

const words = localFont({
  src: '../../node_modules/@fontsource-variable/hanken-grotesk/files/hanken-grotesk-latin-wght-normal.woff2',
  weight: '100 900',
  variable: '--font-words',
  display: 'swap',
})
const evidence = localFont({
  src: '../../node_modules/@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2',
  weight: '100 800',
  variable: '--font-evidence',
  display: 'swap',
})

export const metadata: Metadata = { title: say.product, icons: { icon: '/icon.svg' } }
export const viewport: Viewport = { colorScheme: 'dark light' }

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" data-theme="dark" className={`${words.variable} ${evidence.variable}`} suppressHydrationWarning>
      <head>
        {/* Before the first paint, so it may block. */}
        <script src="/theme.js" />
      </head>
      <body>
        <Providers>{children}</Providers>
      </body>
    </html>
  )
}
