/** Words about working together: who leads, what is said of a sentence, what differs, what is to be done. */

export const work = {
  head: {
    severity: 'Severity',
    phase: 'Phase',
    lead: 'Lead',
    noLead: 'No lead',
    youLead: 'You lead',
    leads: (name: string) => `${name} leads`,
    takeLead: 'Take the lead',
    changed: 'Somebody else has changed this incident meanwhile: it was read again, nothing was overwritten.',
  },
}
