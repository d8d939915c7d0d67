import { expect, it } from 'vitest'
import { piecesOf, plainLine } from './evidence'
import { clockText, isoTime, offsetText, parseTime, spanText, stampText, zoneName } from './time'

it('shows what would not be seen, and keeps what can', () => {
  expect(piecesOf('invoice\u202Efdp.exe')).toEqual([
    { text: 'invoice', hidden: false },
    { text: 'U+202E', hidden: true },
    { text: 'fdp.exe', hidden: false },
  ])
  expect(plainLine('a\u0000b\n<script>\u200b')).toBe('a⟨U+0000⟩b <script>⟨U+200B⟩')
  expect(plainLine('x'.repeat(900), 10)).toBe(`${'x'.repeat(10)}…`)
  expect(piecesOf('a\r\nb\rc').map((piece) => piece.text)).toEqual(['a\nb', 'U+000D', 'c'])
  expect(piecesOf('für 日本 👩‍💻').filter((piece) => piece.hidden)).toHaveLength(1)
})

it('keeps microseconds, and names zones', () => {
  const time = parseTime('2026-03-10T08:41:15.112345Z')
  expect(isoTime(time)).toBe('2026-03-10T08:41:15.112345Z')
  expect(isoTime(parseTime('2026-03-10T08:41:15Z'))).toBe('2026-03-10T08:41:15Z')
  expect(stampText(time, 'utc')).toBe('2026-03-10 08:41:15.112')
  expect(clockText(time, 'utc')).toBe('08:41:15')
  expect(zoneName('utc')).toBe('UTC')
  expect([spanText(220), spanText(283_000), spanText(-3_600_000), spanText(0)]).toEqual([
    '220 ms',
    '4 min 43 s',
    '−1 h',
    '0 ms',
  ])
  expect(offsetText(68_400)).toBe('+19 h')
})
