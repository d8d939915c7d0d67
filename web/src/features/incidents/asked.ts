/** How the runs of an incident are asked for, in the API's words. */
const MOST = 200

export const runsAsked = (incident?: string) => ({ incident, limit: MOST, kind: 'analysis' as const })

/** The run whose findings are shown: the newest that is done. */
export const shownRun = <R extends { state: string }>(newestFirst: readonly R[]): R | undefined =>
  newestFirst.find((one) => one.state === 'done')

export const REPORT = 'report.json'
