/** The parts of an incident's page, in the order of the rail. */
export const TABS = ['timeline', 'graph', 'report', 'attack', 'evidence', 'actions', 'export'] as const
export type Tab = (typeof TABS)[number]
