'use client'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { Tooltip } from 'radix-ui'
import { useEffect, useState, type ReactNode } from 'react'
import { isProblem } from '@/lib/api/problem'
import { listenForShortcuts } from '@/lib/shortcuts'
import { Notices } from './ui/notices'

const AGAIN = 2

/** What all pages stand in: the answers that are at hand, keys, hints. */
export function Providers({ children }: { children: ReactNode }) {
  const [client] = useState(
    () =>
      new QueryClient({
        defaultOptions: {
          queries: {
            staleTime: 15_000,
            refetchOnWindowFocus: false,
            retry: (times, error) => times < AGAIN && (!isProblem(error) || error.status === 0 || error.status >= 500),
          },
        },
      }),
  )
  useEffect(() => listenForShortcuts(), [])
  return (
    <QueryClientProvider client={client}>
      <Tooltip.Provider delayDuration={350} skipDelayDuration={200}>
        {children}
        <Notices />
      </Tooltip.Provider>
    </QueryClientProvider>
  )
}
