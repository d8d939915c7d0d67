import type { Ref } from 'react'

/**
 * What darkens the page behind a dialog. Not the library's own: that one also holds the page's scrolling still, which here never
 * scrolls, by a style sheet for which all of it is styled anew, twice.
 */
export const Shade = ({ ref }: { ref?: Ref<HTMLDivElement> }) => (
  <div ref={ref} aria-hidden className="pointer-events-auto fixed inset-0 z-40 bg-shade" />
)
