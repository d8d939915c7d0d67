/** The colours of the page as the canvas needs them; read again when the theme changes. */
import type { Glyph, Mark, Severity } from './marks'

const NAMES = [
  'ground', 'surface', 'raised', 'sunk', 'line', 'hair', 'ink', 'ink-2', 'ink-3', 'accent', 'glow',
  'act-low', 'act-medium', 'act-high', 'act-critical', 'asset', 'ours', 'said', 'log',
] as const // prettier-ignore
export type Colour = (typeof NAMES)[number]
export type Palette = Record<Colour, string>

export function readPalette(of: Element): Palette {
  const style = getComputedStyle(of)
  return Object.fromEntries(
    NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim() || '#888']),
  ) as Palette
}

export const actColour = (severity: Severity): Colour => `act-${severity}`

const PLAIN: Record<Exclude<Glyph, 'act' | 'found'>, Colour> = {
  asset: 'asset',
  ours: 'ours',
  said: 'said',
  log: 'log',
  rare: 'act-low',
  pin: 'accent',
  talk: 'accent',
}

export function colourOf(mark: Pick<Mark, 'glyph' | 'severity'>): Colour {
  return mark.glyph === 'act' || mark.glyph === 'found' ? actColour(mark.severity) : PLAIN[mark.glyph]
}
