import type { Glyph, Severity as Weight } from '@/features/timeline/engine/marks'
import type { Severity } from './queries'

/** How a severity is drawn: a diamond, warmer the graver; what only informs is a dot. */
export function signOf(severity: Severity): { glyph: Glyph; severity?: Weight } {
  return severity === 'informational' ? { glyph: 'log' } : { glyph: 'act', severity }
}
