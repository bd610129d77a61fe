import { expect, test } from 'vitest'
import { readList } from '../../src/fleet/read-list.ts'

test('fifty thousand lines are read in seconds', () => {
  const lines = Array.from(
    { length: 50_000 },
    (_, n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}:1080 US-N-S +`,
  )
  const began = performance.now()
  const list = readList(lines.join('\n'), { trusted: true })
  expect(typeof list === 'string' ? list : list.proxies).toHaveLength(50_000)
  expect(performance.now() - began).toBeLessThan(10_000)
})

test('no line makes the reader slow, however it is written', () => {
  for (const pump of [
    '1',
    ':',
    ' ',
    '\t',
    'a.',
    '[',
    '|',
    '1.',
    '@',
    '203.0.113.9:',
    '# ',
    '1:1 ',
    '1.1.1.1:1,',
    '"',
    '["',
    "',",
  ]) {
    const began = performance.now()
    readList(pump.repeat(200_000 / pump.length), { trusted: true })
    expect(performance.now() - began, JSON.stringify(pump)).toBeLessThan(1_500)
  }
})
