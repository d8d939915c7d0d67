/** People's names as pages show them. */

/** The name without the address that the record of it has. */
export const bareName = (name: string) => name.replace(/(.) <[^<>]*>$/, '$1')

/** Where there is no room for the name: the first characters of its first two words. */
export const initials = (name: string) =>
  name
    .split(/[\s@.]+/)
    .slice(0, 2)
    .map((part) => [...part][0] ?? '')
    .join('')
