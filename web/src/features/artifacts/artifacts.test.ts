import { expect, it } from 'vitest'
import { hexLines, offsetOf, placeOfText, sizeText } from './queries'

it('leads from a located error to its bytes, where it is located by bytes', () => {
  expect(['offset:8192', 'line:42', 'record:7', 'offset:-1', ''].map(offsetOf)).toEqual([8192, null, null, null, null])
})

it('reads a place in decimal and hexadecimal, and none that is not there', () => {
  expect(['8200', '0x2008', ' 17 ', '99999', '0xzz', '', '1e3'].map((one) => placeOfText(one, 9000))).toEqual([
    8192,
    8192,
    16,
    null,
    null,
    null,
    null,
  ])
})

it('shows bytes by their place, and what is no letter as a dot', () => {
  expect(hexLines(new Uint8Array([0x41, 0x00, 0x7e]), 0x20)).toEqual([{ at: '00000020', hex: '41 00 7e', text: 'A·~' }])
  expect([sizeText(999), sizeText(16_400_000)]).toEqual(['999 B', '16.4 MB'])
})
