import type { NextConfig } from 'next'
import shells from './shells.json'

// `next dev` has no gateway in front of it: it forwards the API and does what the gateway does with human URLs.
const gateway = process.env.IRCOPILOT_URL ?? 'http://127.0.0.1:7464'
const developing = process.env.NODE_ENV !== 'production'

const config: NextConfig = {
  output: developing ? undefined : 'export',
  reactStrictMode: true,
  // `npm run lint` has checked the types; the build need not do it again.
  typescript: { ignoreBuildErrors: true },
  poweredByHeader: false,
  devIndicators: false,
  images: { unoptimized: true },
  experimental: { optimizePackageImports: ['radix-ui', 'lucide-react'] },
  ...(developing && {
    rewrites: async () => [
      { source: '/v1/:path*', destination: `${gateway}/v1/:path*` },
      ...shells.map(([source, destination]) => ({ source: source!, destination: destination! })),
    ],
  }),
}

export default config
