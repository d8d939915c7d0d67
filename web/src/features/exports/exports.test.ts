import { expect, it } from 'vitest'
import {
  markingsOf, numbersIn, placesOf, presetOf, takes, toggled, wishOf, withRedaction, type Choices, type Format,
} from './queries' // prettier-ignore

const format = (properties: Record<string, unknown>) =>
  ({
    name: 'stix',
    title: 'STIX',
    about: '',
    media_type: 'application/json',
    file_name: 'x',
    options: { properties },
  }) as Format
const CHOICES: Choices = {
  format: 'stix',
  version: 2,
  tlp: 'TLP:GREEN',
  sections: ['summary'],
  redactions: [
    { entity: null, text: '192.0.2.10' },
    { entity: 'user-1', text: 'p.gomez' },
  ],
}

it('asks a format only for what its schema has', () => {
  expect(wishOf(CHOICES, format({ tlp: {}, redact_values: {} }))).toEqual({
    format: 'stix', tlp: 'TLP:GREEN', sections: [], redact_values: ['192.0.2.10'], redact_entities: [],
  }) // prettier-ignore
  expect(takes(undefined, 'tlp')).toBe(false)
})

it('asks for all that was chosen', () => {
  const all = format({ version: {}, tlp: {}, sections: {}, redact_values: {}, redact_entities: {} })
  expect(wishOf(CHOICES, all)).toEqual({
    format: 'stix', version: 2, tlp: 'TLP:GREEN', sections: ['summary'], redact_values: ['192.0.2.10'],
    redact_entities: ['user-1'],
  }) // prettier-ignore
  const none: Choices = { ...CHOICES, version: null, tlp: null, sections: null, redactions: [] }
  expect(wishOf(none, all)).toEqual({ format: 'stix', sections: [], redact_values: [], redact_entities: [] })
})

it('reads the markings out of a schema', () => {
  const tlp = { anyOf: [{ enum: ['TLP:RED', 'TLP:CLEAR'] }, { type: 'null' }] }
  expect(markingsOf(format({ tlp }))).toEqual(['TLP:RED', 'TLP:CLEAR'])
  expect(markingsOf(format({ version: { enum: ['TLP:RED'] } }))).toEqual([])
})

it('leaves a thing out once, and takes no text that would hit by chance', () => {
  const one = withRedaction([], { entity: null, text: ' WS07 ' })
  expect(one).toEqual([{ entity: null, text: 'WS07' }])
  expect(withRedaction(one, { entity: null, text: 'WS07' })).toBe(one)
  expect(withRedaction(one, { entity: null, text: 'x' })).toBe(one)
  expect(withRedaction(one, { entity: 'host-1', text: 'WS07' })).toHaveLength(2)
})

it('keeps sections in order; all are none in particular, and the last stays', () => {
  const all = ['a', 'b', 'c']
  expect(toggled(all, null, 'b')).toEqual(['a', 'c'])
  expect(toggled(all, ['a', 'c'], 'b')).toBe(null)
  expect(toggled(all, ['c'], 'c')).toEqual(['c'])
})

it('a document is marked as its incident is, if the format knows that marking', () => {
  expect(presetOf('amber+strict', ['TLP:RED', 'TLP:AMBER+STRICT'])).toBe('TLP:AMBER+STRICT')
  expect(presetOf('green', ['TLP:RED'])).toBeNull()
  expect(presetOf(undefined, ['TLP:RED'])).toBeNull()
})

it('says of each redaction in how many places it was made, however they were chosen', () => {
  const [thing, text] = [
    { entity: 'host-1', text: 'WS07' },
    { entity: null, text: 'Q3' },
  ]
  const places = placesOf([thing, text], numbersIn('0, 12'))
  expect([places.get(thing), places.get(text)]).toEqual([12, 0])
  expect(placesOf([thing, text], numbersIn('12')).size).toBe(0)
  expect(placesOf([], numbersIn(null)).size).toBe(0)
})
