// House rule: a file of ours has at most 400 lines, as in the Python half.
import { existsSync, readdirSync, readFileSync } from 'node:fs'

const MOST = 400
const roots = ['src', 'e2e', 'scripts']
let found = 0
for (const root of roots.filter((one) => existsSync(new URL(`../${one}`, import.meta.url)))) {
  for (const file of readdirSync(new URL(`../${root}`, import.meta.url), { recursive: true })) {
    if (!/\.(tsx?|mjs|css)$/.test(file) || file.endsWith('schema.ts')) continue
    const lines = readFileSync(new URL(`../${root}/${file}`, import.meta.url), 'utf8').split('\n').length - 1
    if (lines > MOST) {
      console.error(`${root}/${file}: ${lines} lines, at most ${MOST}: which two things is it?`)
      found += 1
    }
  }
}
process.exitCode = found ? 1 : 0
