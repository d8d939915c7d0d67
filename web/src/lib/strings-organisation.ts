/** Words of the organisation's settings. */

export const organisationWords = {
  roles: {
    names: {
      owner: 'Owner', admin: 'Administrator', lead: 'Lead', analyst: 'Analyst', viewer: 'Viewer', auditor: 'Auditor',
      service: 'Service',
    }, // prettier-ignore
  },
}
