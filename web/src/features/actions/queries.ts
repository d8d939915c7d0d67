/** Actions of an incident: what is to be done, by whom, until when. */
import { queryOptions } from '@tanstack/react-query'
import { api, bodyOf, type Schemas } from '@/lib/api/client'

export type Action = Schemas['ActionOut']
export type State = Action['state']
export type Phase = Action['phase']

/** Suggested is what nobody has taken up yet: nothing is moved back there. */
export type Target = Exclude<State, 'suggested'>

export const STATES: State[] = ['suggested', 'open', 'in-progress', 'blocked', 'done', 'dismissed']
export const PHASES: Phase[] = ['detection-and-analysis', 'containment', 'eradication', 'recovery', 'post-incident']
const MOST = 200

export const actionsQuery = (key: string) =>
  queryOptions({
    queryKey: ['actions', key],
    queryFn: async ({ signal }) => {
      const params = { path: { key }, query: { limit: MOST } }
      return (await bodyOf(api.GET('/v1/incidents/{key}/actions', { params, signal }))).items
    },
  })

const tagOf = (action: Action) => `"v${action.version}"`

/** Move a card; what stands beside it in the new column is named, so that two moves at once keep an order. */
export function moveAction(key: string, action: Action, state: Target, before: string | null) {
  const params = { path: { key, action_id: action.id }, header: { 'If-Match': tagOf(action) } }
  const body = { state, before }
  // Whoever leaves the page at once has moved the card all the same.
  return bodyOf(api.POST('/v1/incidents/{key}/actions/{action_id}/move', { params, body, keepalive: true }))
}

export const suggestActions = (key: string) =>
  bodyOf(api.POST('/v1/incidents/{key}/actions/suggest', { params: { path: { key } } }))

export const addAction = (key: string, title: string, phase: Phase) =>
  bodyOf(api.POST('/v1/incidents/{key}/actions', { params: { path: { key } }, body: { title, phase, state: 'open' } }))

/** Cards by column and row, in their order. */
export function boardOf(actions: readonly Action[]): Map<State, Map<Phase, Action[]>> {
  const board = new Map(STATES.map((state) => [state, new Map(PHASES.map((phase): [Phase, Action[]] => [phase, []]))]))
  for (const action of [...actions].sort((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : 0))) {
    board.get(action.state)?.get(action.phase)?.push(action)
  }
  return board
}

export type ActionChange = Schemas['ActionChange']

export const changeAction = (key: string, action: Action, body: ActionChange) =>
  bodyOf(
    api.PATCH('/v1/incidents/{key}/actions/{action_id}', {
      params: { path: { key, action_id: action.id }, header: { 'If-Match': tagOf(action) } },
      body,
    }),
  )

export type Playbook = Schemas['PlaybookOut']
export type PlaybookUse = Schemas['PlaybookUseOut']

export const playbooksQuery = () =>
  queryOptions({
    queryKey: ['playbooks'],
    queryFn: async ({ signal }) => (await bodyOf(api.GET('/v1/playbooks', { signal }))).items,
    staleTime: 60_000,
  })

export const usesQuery = (key: string) =>
  queryOptions({
    queryKey: ['playbook-uses', key],
    queryFn: async ({ signal }) =>
      (await bodyOf(api.GET('/v1/incidents/{key}/playbooks', { params: { path: { key } }, signal }))).items,
  })

/** Put a playbook's steps on the board; `again`: they were there already. */
export async function applyPlaybook(key: string, playbook: Playbook): Promise<{ again: boolean; actions: number }> {
  const body = { playbook: playbook.id, version: playbook.version }
  const { data, response } = await api.POST('/v1/incidents/{key}/playbooks', { params: { path: { key } }, body })
  return { again: response.status === 200, actions: data?.actions.length ?? 0 }
}

const SOON_MS = 60 * 60_000

/** How a due date stands: nothing that is over is late. */
export function dueOf(action: Pick<Action, 'due_at' | 'state'>, now: number): { left: number; how: Due } | null {
  if (!action.due_at || action.state === 'done' || action.state === 'dismissed') return null
  const left = Date.parse(action.due_at) - now
  return { left, how: left < 0 ? 'late' : left < SOON_MS ? 'soon' : 'calm' }
}
export type Due = 'late' | 'soon' | 'calm'

const COLUMNS: Action['state'][] = STATES.filter((state) => state !== 'dismissed')

/** The column to the left or right of a state, where an action may be moved to; null at the edge. */
export function beside(state: Action['state'], step: 1 | -1): Target | null {
  const next = COLUMNS[COLUMNS.indexOf(state) + step]
  return COLUMNS.includes(state) && next && next !== 'suggested' ? next : null
}
