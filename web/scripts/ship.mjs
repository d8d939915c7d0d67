// Puts the exported site where the wheel takes it from, each text beside its compressed forms.
import { cpSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const out = fileURLToPath(new URL('../out', import.meta.url))
const site = fileURLToPath(new URL('../../src/ircopilot/gateway/static', import.meta.url))
const TEXT = /\.(html|txt|js|css|json|svg|webmanifest)$/
const LEAST = 1024

rmSync(site, { recursive: true, force: true })
cpSync(out, site, { recursive: true })
cpSync(fileURLToPath(new URL('../shells.json', import.meta.url)), `${site}/shells.json`)
for (const name of readdirSync(site, { recursive: true })) {
  const path = `${site}/${name}`
  if (!TEXT.test(name) || !statSync(path).isFile() || statSync(path).size < LEAST) continue
  const bytes = readFileSync(path)
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }))
}
console.log(`shipped to ${site}`)
