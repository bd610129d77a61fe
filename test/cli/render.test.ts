import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { progressView } from '../../src/cli/progress.ts'
import { renderLine, renderLive } from '../../src/cli/render.ts'
import { renderSummary } from '../../src/cli/render-summary.ts'
import { summarySoFar, summaryText } from '../../src/cli/summary.ts'
import { cellsOf } from '../../src/cli/terminal/cells.ts'
import { fit, type Style } from '../../src/cli/terminal/segments.ts'
import { hostReading, noProxies, noTrust, progressReading, statsReading } from './readings.ts'

const hosts = {
  'ill.example': hostReading({ state: 'down', reason: 'status-503', until: 12_000, waiting: 3 }),
}
const view = progressView({
  progress: progressReading({ failed: 2 }),
  stats: statsReading({ hosts }),
  now: 2_000,
})

describe('progress on a terminal', () => {
  test('the block tells pages, rate, failures, what waits, proxies by state and hosts in trouble', () => {
    expect(renderLive(view, { width: 200, colour: false })).toEqual([
      'pages    10 pages  ░░░░░░░░███░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   5.0/s · about 10.0 s left',
      '         9 items · 2 failed · 50 queued · 4 running · 15 attempts, 2 hedged · 20 kB · 2.0 s',
      'proxies  20: 17 working · 2 open · 1 retired',
      'limit    the time that answers take: 3 requests under way, half of them take 120 ms or more',
      'hosts    ill.example is down (status-503), tried again in 10.0 s, 3 waiting',
    ])
  })

  test('colour changes nothing but the colour', () => {
    const plain = renderLive(view, { width: 200, colour: false })
    const coloured = renderLive(view, { width: 200, colour: true })
    expect(coloured.join('')).toContain('\u001b[')
    expect(coloured.map(stripVTControlCharacters)).toEqual(plain)
  })

  test('a line never reaches the last column, whatever is in it', () => {
    const style = fc.constantFrom<Style>('bold', 'red', 'plain')
    const line = fc.array(fc.record({ text: fc.string({ unit: 'grapheme' }), style }), { maxLength: 8 })
    fc.assert(
      fc.property(line, fc.integer({ min: 2, max: 60 }), fc.boolean(), (segments, width, colour) => {
        expect(cellsOf(stripVTControlCharacters(fit(segments, { width, colour })))).toBeLessThan(width)
      }),
    )
  })

  test('a host name cannot steer the terminal', () => {
    const evil = statsReading({ hosts: { 'a\u001b[2Jb\n': hostReading({ state: 'down' }) } })
    const lines = renderLive(progressView({ progress: progressReading(), stats: evil, now: 0 }), {
      width: 80,
      colour: false,
    })
    expect(lines.join('')).not.toContain('\u001b')
    expect(lines.join('')).not.toContain('\n')
  })

  test('elsewhere everything is one line', () => {
    expect(renderLine(view)).toBe(
      '10 pages · 5.0/s · 9 items · 2 failed · 50 queued · 4 running · 2.0 s, about 10.0 s left | ' +
        '20 proxies: 17 working · 2 open · 1 retired | ' +
        'limit: the time that answers take: 3 requests under way, half of them take 120 ms or more | ' +
        'ill.example is down (status-503), tried again in 10.0 s, 3 waiting',
    )
  })
})

test('a crawl at its limit has no time that is left, and says that it ends', () => {
  const progress = progressReading({ pages: 50, queued: 167, running: 0, waiting: 0 })
  const view = progressView({ progress, stats: statsReading(), now: 0, maxPages: 50 })
  for (const text of [renderLine(view), renderLive(view, { width: 110, colour: false }).join('\n')]) {
    expect(text).not.toMatch(/about .* left/)
    expect(text).toContain('it ends: its limit of 50 pages is reached')
  }
})

test('a summary says what it took per page', () => {
  const [lines] = renderSummary({
    pages: 100,
    items: 98,
    edges: 0,
    failed: 2,
    gone: 0,
    setAside: 0,
    skipped: 1,
    unchanged: 0,
    askedAgain: 0,
    corrected: 0,
    contested: 0,
    marked: 0,
    empty: 0,
    earlier: undefined,
    ending: 'finished',
    queued: 0,
    attempts: 130,
    hedges: 12,
    bytes: 500_000,
    spending: { requests: 0, sent: 0, received: 0, cost: 0, currency: '', rent: 0, reached: undefined },
    trust: noTrust,
    wallMs: 20_000,
    latencyMs: { p50: 100, p95: 900, p99: undefined },
    hosts: {},
    proxies: { ...noProxies, total: 20, healthy: 15, open: 4, retired: 1 },
    trapped: [],
    leftOut: [],
    emptyPages: [],
    deadLetters: [],
  })
  expect(lines).toEqual([
    '100 pages, 98 items in 20.0 s (5.0/s), 2 given up, 1 skipped',
    'attempts  130, 1.30 per page, 12 hedged',
    'latency   p50 100 ms, p95 900 ms, p99 –',
    'traffic   500 kB, 5.0 kB per page',
    'proxies   20: 15 healthy, 4 open, 1 retired',
  ])
})

test('a fleet that has answered, and cannot be reached any more, is said to be so for as long as that lasts', () => {
  const view = progressView({
    progress: progressReading({ running: 0 }),
    stats: statsReading({ held: 'blackout' }),
    now: 0,
  })
  expect(renderLine(view)).toContain('none can be reached any more, one is asked every few seconds')
})

describe('what comparing has cost and found', () => {
  const trust = { ...noTrust, comparisons: 45, bytes: 120_000, convictions: 3, askedAgain: 21, corrected: 20 }

  test('stands in the live view, and only where there is something', () => {
    const progress = progressReading({ corrected: 20, contested: 5 })
    const line = renderLine(progressView({ progress, stats: statsReading({ trust }), now: 0 }))
    expect(line).toContain('4 running · 20 corrected · 5 contested · 2.0 s')
    expect(line).toContain('17 working · 3 found lying · ')
    expect(line).toContain('1 retired · 45 comparisons (120 kB)')
    const proxies = { ...noProxies, total: 20, healthy: 16, isolated: 4 }
    const shutOut = progressView({ progress, stats: statsReading({ trust, proxies }), now: 0 })
    expect(renderLine(shutOut)).toContain('20 proxies: 16 working · 3 found lying · 1 isolated · 45 comp')
    const none = renderLine(progressView({ progress: progressReading(), stats: statsReading(), now: 0 }))
    expect(none).not.toMatch(/corrected|contested|lying|comparison/)
  })

  test('stands in the summary, and only where there is something', () => {
    const given = progressReading({ corrected: 20, contested: 5, marked: 12 })
    const summary = summarySoFar('finished', given, {
      ...statsReading({ trust }),
      proxies: { ...statsReading().proxies, isolated: 3 },
    })
    const lines = renderSummary(summary).flat()
    expect(lines[0]).toContain(', 20 corrected, 5 contested, ')
    expect(lines).toContainEqual(
      expect.stringMatching(/^marked {4}12 outputs of 5 pages .*_trust is "contested"/),
    )
    expect(lines).toContain('proxies   20: 17 healthy, 2 open, 1 retired, 3 isolated')
    expect(lines).toContain('trust     45 comparisons (120 kB), 3 proxies found lying, 21 pages asked again')
    expect(JSON.parse(summaryText(summary))).toMatchObject({ trust, corrected: 20, contested: 5, marked: 12 })
    const none = renderSummary(summarySoFar('finished', progressReading(), statsReading())).flat()
    expect(none.join('\n')).not.toMatch(/corrected|contested|lying|comparison|isolated|marked/)
  })
})
