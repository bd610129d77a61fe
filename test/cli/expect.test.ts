import { describe, expect, test } from 'vitest'
import { checkExpectations, expectLines, parseExpectations } from '../../src/cli/expect.ts'
import { summarySoFar } from '../../src/cli/summary.ts'
import { progressReading, statsReading } from './readings.ts'

const summary = {
  ...summarySoFar('finished', progressReading({ pages: 95, items: 90, failed: 6, gone: 1 }), statsReading()),
  wallMs: 20_000,
}

function keeps(text: string): boolean {
  return checkExpectations(parseExpectations([text]), summary).every(({ kept }) => kept)
}

describe('--expect', () => {
  test('compares with every operator, at the border too', () => {
    for (const text of ['items>=90', 'items<=90', 'items==90', 'items!=91', 'items>89', 'items<91']) {
      expect(keeps(text), text).toBe(true)
    }
    for (const text of ['items>=91', 'items<=89', 'items==91', 'items!=90', 'items>90', 'items<90']) {
      expect(keeps(text), text).toBe(false)
    }
  })

  test('knows shares, durations and sizes by their units', () => {
    // 95 pages and one that is not there, of which the server says so; 5 were given up.
    for (const text of [
      'success>=0.95',
      'success>=95%',
      'p95<10s',
      'p95<=900ms',
      'bytes<=5MB',
      'wall<1m',
      'wall==20s',
    ])
      expect(keeps(text), text).toBe(true)
    for (const text of [
      'success>=0.96',
      'success>=96%',
      'p95<0.5s',
      'bytes<=20kB',
      'bytes>20KiB',
      'wall>20s',
    ])
      expect(keeps(text), text).toBe(false)
  })

  test('takes several, with blanks, in one list or in more', () => {
    const found = parseExpectations(['items >= 1k, dead == 5', 'setAside<1'])
    expect(found.map(({ text, value }) => [text, value])).toEqual([
      ['items>=1k', 1_000],
      ['dead==5', 5],
      ['setAside<1', 0 + 1],
    ])
  })

  test.each([
    ['item>=5', /there is no "item"\. There are pages, items, .*, p95, /],
    ['items', /expected name, operator and value, in quotes because a shell reads > itself/],
    ['items>=', /expected name, operator and value/],
    ['', /expected name, operator and value/],
    ['items>=5,', /--expect "items>=5,": expected name, operator and value/],
    ['items=5', /"=" is no operator\. There are >= <= != == > </],
    ['items=>5', /"=" is no operator|no number/],
    ['items>=many', /"many" is no number/],
    ['items>=-1', /"-1" is no number/],
    ['items>=5%', /"5%" is no number/],
    ['success>=95', /"95" is no share, such as 0\.95 or 95%/],
    ['success>=120%', /no share/],
    ['p95<10', /"10" is no duration with its unit/],
    ['bytes<5parsecs', /no size/],
    ['constructor>1', /there is no "constructor"/],
  ])('refuses %s and says what there is', (text, message) => {
    expect(() => parseExpectations([text])).toThrow(message)
  })

  test('what was not measured is missed', () => {
    const nothing = summarySoFar('failed')
    const expected = parseExpectations(['p95<10s', 'success>=0', 'items==0'])
    const checked = checkExpectations(expected, nothing)
    expect(checked.map(({ kept }) => kept)).toEqual([false, false, true])
    expect(expectLines(checked)[0]).toBe('missed    p95<10s: nothing was measured')
  })

  test('tells the missed ones first, and never rounds to what was asked for', () => {
    const close = { ...summary, pages: 94_999, gone: 0, failed: 5_001 }
    const expected = parseExpectations(['items>=1', 'success>=95%'])
    expect(expectLines(checkExpectations(expected, close))).toEqual([
      'missed    success>=95%: it is 94.99 %',
      'kept      items>=1: it is 90',
    ])
  })
})
