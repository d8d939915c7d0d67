/** Evidence is text that an attacker wrote: what is invisible in it is shown, what would turn the line around is named. */

// Controls (C0, DEL, C1), line and paragraph separators, zero-width, bidi marks, the byte order mark and tags.
const HIDDEN =
  // eslint-disable-next-line no-control-regex -- these very characters are looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu

/** The text in pieces; those marked `hidden` are the names (`U+202E`) of characters that would not be seen. */
export function piecesOf(found: string): { text: string; hidden: boolean }[] {
  // The end of a line as Windows writes it is seen as one; a carriage return alone is not.
  const text = found.replaceAll('\r\n', '\n')
  const pieces: { text: string; hidden: boolean }[] = []
  let last = 0
  for (const found of text.matchAll(HIDDEN)) {
    if (found.index > last) pieces.push({ text: text.slice(last, found.index), hidden: false })
    pieces.push({ text: codeName(found[0]), hidden: true })
    last = found.index + found[0].length
  }
  if (last < text.length) pieces.push({ text: text.slice(last), hidden: false })
  return pieces
}

/** The same as one line of plain text, for a canvas, a title or a label. */
export function plainLine(text: string, most = 400): string {
  const shown = text.length > most ? `${text.slice(0, most)}…` : text
  return shown.replace(/[\n\r\t]+/g, ' ').replace(HIDDEN, (found) => `⟨${codeName(found)}⟩`)
}

const codeName = (char: string) => `U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`
