// Writes the types of the client from docs/openapi.json and those of report.json from its schema, into src/lib/api/. Not
// committed: they cannot fall behind. IRCOPILOT_OPENAPI names another document (while a route is being built).
import { readFileSync, writeFileSync } from 'node:fs'
import openapi, { astToString } from 'openapi-typescript'

const docs = new URL('../../docs/', import.meta.url)
const folder = new URL('../src/lib/api/', import.meta.url)
const read = (from) => JSON.parse(readFileSync(from, 'utf8'))

async function write(name, source, document, more = {}) {
  const text = astToString(await openapi(JSON.stringify(document), { alphabetize: true, silent: true, ...more }))
  writeFileSync(new URL(name, folder), `// Generated from docs/${source} by \`npm run client\`; never edited.\n${text}`)
}

function reportDocument() {
  const text = JSON.stringify(read(new URL('report.schema.json', docs))).replaceAll('#/$defs/', '#/components/schemas/')
  const { $defs, $schema: _, ...ReportDocument } = JSON.parse(text)
  const info = { title: 'report.json', version: '1' }
  return { openapi: '3.1.0', info, paths: {}, components: { schemas: { ...$defs, ReportDocument } } }
}

// What has a default may be left out of a request.
const api = read(process.env.IRCOPILOT_OPENAPI ?? new URL('openapi.json', docs))
await write('schema.ts', 'openapi.json', api, { defaultNonNullable: false })
await write('report-schema.ts', 'report.schema.json', reportDocument())
