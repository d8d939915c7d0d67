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
  return bodyOf(api.POST('/v1/incidents/{key}/actions/{action_id}/move', { params, body: { state, before } }))
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
