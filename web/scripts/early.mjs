// Builds public/early.js out of src/early: one small script that goes before all others. Not committed.
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
await build({
  root: at('.'),
  configFile: false,
  publicDir: false,
  logLevel: 'warn',
  resolve: { alias: { '@': at('src') } },
  build: {
    outDir: at('public'),
    emptyOutDir: false,
    target: 'es2022',
    lib: { entry: at('src/early/early.ts'), formats: ['iife'], name: 'begun', fileName: () => 'early.js' },
  },
})
