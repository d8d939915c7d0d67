import { defineConfig } from 'vitest/config'

// Against a running gateway: IRCOPILOT_URL and the rest are set by tests/web, which starts it.
export default defineConfig({
  test: { include: ['e2e/**/*.e2e.ts'], testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false },
})
