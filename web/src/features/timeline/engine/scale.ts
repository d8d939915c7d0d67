/** From time to pixels and back. Times are milliseconds since 1970 UTC with fractions; pixels count from the plot's left. */

export interface Span {
  from: number
  to: number
}

export const LEAST_SPAN = 5 // ms: below it the clocks of evidence mean nothing
export const MOST_SPAN = 60 * 365.25 * 86_400_000

export const widthOf = (span: Span) => span.to - span.from

export const xOf = (time: number, span: Span, width: number) => ((time - span.from) / widthOf(span)) * width

export const timeAt = (x: number, span: Span, width: number) => span.from + (x / width) * widthOf(span)

/** The same stretch no shorter and no longer than can be shown, its middle kept. */
export function within(span: Span): Span {
  const wide = Math.min(MOST_SPAN, Math.max(LEAST_SPAN, widthOf(span)))
  if (wide === widthOf(span)) return span
  const middle = (span.from + span.to) / 2
  return { from: middle - wide / 2, to: middle + wide / 2 }
}

/** Zoomed by `factor` (below 1 goes in), the time at `anchor` staying where it is. */
export function zoomed(span: Span, factor: number, anchor: number): Span {
  const wide = Math.min(MOST_SPAN, Math.max(LEAST_SPAN, widthOf(span) * factor))
  const share = (anchor - span.from) / widthOf(span)
  const from = anchor - share * wide
  return { from, to: from + wide }
}

export const panned = (span: Span, by: number): Span => ({ from: span.from + by, to: span.to + by })

/** The stretch with some air on both sides, so that nothing stands on the edge. */
export function aired(span: Span, share = 0.04): Span {
  const wide = Math.max(widthOf(span), 1000)
  return within({ from: span.from - wide * share, to: span.to + wide * share })
}

/** So far on the way from one stretch to another; wide changes go by factors, so that a long zoom looks even. */
export function between(a: Span, b: Span, share: number): Span {
  if (share >= 1) return b
  const wide = Math.exp(Math.log(widthOf(a)) * (1 - share) + Math.log(widthOf(b)) * share)
  // Where the two stretches' edges meet in proportion, nothing moves: zooming keeps that point still.
  const change = widthOf(b) - widthOf(a)
  const along = Math.abs(change) < 1e-9 ? share : (wide - widthOf(a)) / change
  const from = a.from + (b.from - a.from) * along
  return { from, to: from + wide }
}

export const overlaps = (a: Span, b: Span) => a.from < b.to && b.from < a.to

export const sameSpan = (a: Span, b: Span) => a.from === b.from && a.to === b.to
