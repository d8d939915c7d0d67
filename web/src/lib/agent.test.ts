import { expect, it } from 'vitest'
import { agentOf } from './agent'

const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36'

it('tells a browser from those that it pretends to be', () => {
  expect(agentOf(CHROME)).toEqual({ name: 'Chrome 143', system: 'Linux' })
  expect(agentOf(`${CHROME} Edg/143.0.1`).name).toBe('Edge 143')
  const safari =
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15'
  expect(agentOf(safari)).toEqual({ name: 'Safari 18', system: 'macOS' })
  expect(agentOf('Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0')).toEqual({
    name: 'Firefox 140',
    system: 'Android',
  })
})

it('names a program by what it calls itself, and nothing by nothing', () => {
  expect(agentOf('python-httpx/0.28.1')).toEqual({ name: 'python-httpx', system: '' })
  expect(agentOf('')).toEqual({ name: '', system: '' })
})
