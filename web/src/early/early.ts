/** Asks for what an incident's page begins with while the page's own script is still on its way. A script of its own
 * (public/early.js, built by scripts/early.mjs); lib/api/early.ts takes the answers from here.
 */
import { storySpan, storyView, groupingOf, whereOf } from '@/features/incident/opening'
import { REPORT, runsAsked, shownRun } from '@/features/incidents/asked'
import { eventsAsked, overviewAsked } from '@/features/timeline/asked'
import { addressOf, type Early } from '@/lib/api/early'
import type { components } from '@/lib/api/schema'
import type { components as reportComponents } from '@/lib/api/report-schema'
import { parseTime } from '@/lib/time'

type Runs = { items: components['schemas']['RunOut'][] }
type Report = reportComponents['schemas']['ReportDocument']

const answers: Early = (window.early = new Map())

async function ask<T>(path: string, query: Record<string, string | number | undefined> = {}): Promise<T> {
  const url = new URL(path, window.location.origin)
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value))
  }
  const answer = fetch(url, { credentials: 'same-origin' })
  answers.set(addressOf(url.href), answer)
  const got = await answer
  if (!got.ok) throw new Error(path)
  return (await got.clone().json()) as T
}

async function begin(key: string, tab: string): Promise<void> {
  const incident = `/v1/incidents/${key}`
  const params = new URLSearchParams(window.location.search)
  // The page asks again for what fails here, and says what is wrong.
  const beside = (path: string, query = {}) => void ask(path, query).catch(() => undefined)
  beside('/v1/me')
  beside(incident)
  const onTimeline = tab === '' || tab === 'timeline'
  if (onTimeline) beside(`${incident}/events/histogram`, overviewAsked(groupingOf(params), ''))
  const { items } = await ask<Runs>('/v1/runs', runsAsked(decodeURIComponent(key)))
  const run = shownRun(items)
  if (!run) return
  const report = ask<Report>(`/v1/runs/${run.id}/outputs/${REPORT}`)
  const { view, playhead } = whereOf(params)
  // Two hosts beside each other are another search, which only the page can put together.
  if (!onTimeline || params.get('pane') === 'compare') return void (await report)
  const span = view ?? spanOf(await report)
  if (!span) return
  const at = playhead !== null && playhead >= span.from && playhead <= span.to ? playhead : null
  beside(`${incident}/events`, eventsAsked(span, params.get('q') ?? '', at))
  await report
}

function spanOf(report: Report) {
  const span = storySpan(report.timeline.map((entry) => parseTime(entry.time)).sort((a, b) => a - b))
  return span && storyView(span)
}

const [, key, tab = ''] = /^\/incidents\/([^/]+)(?:\/([^/]+))?\/?$/.exec(window.location.pathname) ?? []
if (key) void begin(key, tab).catch(() => undefined)
