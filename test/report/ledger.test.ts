import { describe, expect, test } from 'vitest'
import { adviseProxies } from '../../src/cli/report/proxy-advice.ts'
import { overview, reportLines, shortened } from '../../src/cli/report/report-text.ts'
import { RunLedger } from '../../src/cli/report/run-ledger.ts'
import { TimeSeries, verdictClasses } from '../../src/cli/report/time-series.ts'
import type { OutcomeEvent } from '../../src/contracts/events.ts'
import { ObservedStation } from '../cli/readings.ts'
import { ManualClock } from '../manual-clock.ts'
import { hostRecord, proxyRecord, runRecord } from './records.ts'

function outcome(change: Partial<OutcomeEvent> = {}): OutcomeEvent {
  return {
    task: 't1',
    url: 'http://a.test/1',
    method: 'GET',
    host: 'a.test',
    attempt: 1,
    proxy: 'p1',
    verdict: 'success',
    reason: 'ok',
    status: 200,
    firstByteMs: 50,
    elapsedMs: 80,
    bytes: 1_000,
    blame: { proxy: 0, host: 0 },
    won: true,
    ...change,
  }
}

describe('what is kept of a run', () => {
  test('failures by reason, with the first of them; good and cancelled ones are none', () => {
    const station = new ObservedStation()
    const ledger = new RunLedger(station, new ManualClock())
    station.emit('outcome', outcome())
    station.emit('outcome', outcome({ verdict: 'neutral', reason: 'cancelled' }))
    for (const n of [1, 2, 3]) {
      station.emit(
        'outcome',
        outcome({ verdict: 'dead', reason: 'dial-refused', url: `http://a.test/${n}`, proxy: `p${n}` }),
      )
    }
    expect([...ledger.failures.values()]).toEqual([
      {
        reason: 'dial-refused',
        verdict: 'dead',
        count: 3,
        example: 'http://a.test/1',
        proxy: 'p1',
        at: expect.any(Number),
      },
    ])
    ledger.end()
    station.emit('outcome', outcome({ verdict: 'dead', reason: 'reset' }))
    expect(ledger.failures.size).toBe(1)
  })

  test('how long each wait took, and those that go on', async () => {
    const [station, clock] = [new ObservedStation(), new ManualClock()]
    const ledger = new RunLedger(station, clock)
    const parked = { host: 'a.test', until: undefined }
    station.emit('task.parked', { ...parked, task: 't1', reason: 'interval' })
    await clock.advance(400)
    station.emit('task.parked', { ...parked, task: 't1', reason: 'throttled' })
    await clock.advance(1_000)
    station.emit('attempt.started', { task: 't1', host: 'a.test', attempt: 1, proxy: 'p1', why: 'first' })
    station.emit('task.parked', { ...parked, task: 't2', reason: 'interval' })
    await clock.advance(250)
    expect(Object.fromEntries(ledger.waitsNow())).toEqual({ interval: 650, throttled: 1_000 })
  })

  test('how often a host asked for a pause, and how long it was left alone', async () => {
    const [station, clock] = [new ObservedStation(), new ManualClock()]
    const ledger = new RunLedger(station, clock)
    const move = (from: 'serving' | 'throttled', to: 'serving' | 'throttled') =>
      station.emit('host.state', { host: 'a.test', from, to, reason: 'status-429', until: undefined })
    station.emit('outcome', outcome({ verdict: 'rate-limited', reason: 'status-429' }))
    move('serving', 'throttled')
    await clock.advance(3_000)
    move('throttled', 'serving')
    await clock.advance(500)
    move('serving', 'throttled')
    await clock.advance(2_000)
    const tally = ledger.hosts.get('a.test')!
    expect(tally).toMatchObject({ throttled: 1, pauses: 2 })
    expect(ledger.pausedMs(tally)).toBe(5_000)
  })

  test('answers that are compared are known until they are judged', () => {
    const station = new ObservedStation()
    const ledger = new RunLedger(station, new ManualClock())
    station.emit('attempt.started', { task: 't1', host: 'a.test', attempt: 2, proxy: 'p2', why: 'witness' })
    expect(ledger.comparing).toBe(1)
    const judged = { finding: 'agreed', trust: 'agreed', taken: 'p1', exits: [], deviants: [] } as const
    station.emit('trust.judged', { task: 't1', host: 'a.test', url: 'http://a.test/', ...judged })
    expect(ledger.comparing).toBe(0)
  })

  test('a million hosts and reasons take no more room than some thousands', () => {
    const station = new ObservedStation()
    const ledger = new RunLedger(station, new ManualClock())
    for (let n = 0; n < 20_000; n++) {
      station.emit(
        'outcome',
        outcome({ host: `h${n}.test`, verdict: 'dead', reason: `reason-${n}`, task: `t${n}` }),
      )
      station.emit('task.parked', { task: `t${n}`, host: `h${n}.test`, reason: 'interval', until: undefined })
    }
    expect(ledger.hosts.size).toBeLessThanOrEqual(5_000)
    expect(ledger.failures.size).toBeLessThanOrEqual(64)
  })
})

describe('the series over time', () => {
  test('loses nothing when its spans become longer', () => {
    const series = new TimeSeries(0, 8, 1_000)
    for (let at = 0; at < 100_000; at += 500) {
      series.page(at)
      series.attempt(at, at % 1_000 === 0 ? 'success' : 'dead', 10, 100)
    }
    const { spanMs, spans } = series.read()
    expect(spanMs).toBe(16_000)
    expect(spans.length).toBeLessThanOrEqual(8)
    expect(spans.reduce((sum, { pages }) => sum + pages, 0)).toBe(200)
    expect(spans.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(2_000)
    const good = verdictClasses.indexOf('good')
    expect(spans.reduce((sum, { attempts }) => sum + attempts[good]!, 0)).toBe(100)
  })

  test('its quantiles are within a class of the truth, also after spans were joined', () => {
    const series = new TimeSeries(0, 4, 1_000)
    for (let n = 1; n <= 1_000; n++) series.attempt(n * 16, 'success', 0, n)
    const [first] = series.read().spans
    expect(first!.p50!).toBeGreaterThan(200)
    expect(series.read().spans.at(-1)!.p95!).toBeGreaterThan(780)
    expect(series.read().spans.at(-1)!.p95!).toBeLessThan(1_250)
  })
})

describe('which proxies to drop', () => {
  const adviceOf = (...rows: Parameters<typeof proxyRecord>[0][]) =>
    adviseProxies(rows.map((row) => proxyRecord(row))).map(({ advice }) => advice)

  test('those that lie, bring nothing, or next to nothing; those that work are kept', () => {
    expect(
      adviceOf(
        { trust: 'lies' },
        { good: 0, failed: 8, reason: 'reset' },
        { good: 1, failed: 29 },
        { good: 30, failed: 2 },
        { good: 3, failed: 7 },
        { good: 0, failed: 2, reason: 'reset' },
        { good: 0, failed: 0 },
      ),
    ).toEqual(['drop', 'drop', 'drop', 'keep', 'watch', 'untried', 'untried'])
  })

  test('where nobody gets through the hosts may be to blame: only what never reached one is dropped', () => {
    expect(
      adviceOf({ good: 0, failed: 9, reason: 'status-403' }, { good: 0, failed: 3, reason: 'dial-refused' }),
    ).toEqual(['watch', 'drop'])
  })
})

describe('the text at the end', () => {
  test('names who failed, whom to drop, who throttled, what it cost and what was waited for', () => {
    const record = runRecord({
      proxies: [
        proxyRecord(),
        proxyRecord({ proxy: 'http://10.0.0.9:80', good: 0, failed: 9, reason: 'dial-timeout' }),
      ],
      hosts: [hostRecord({ throttled: 3, pauses: 1, pausedMs: 65_000 })],
      bytes: 2_000_000_000,
      price: { amount: 3, currency: 'USD' },
    })
    expect(reportLines(record, false)).toEqual([
      'failed    12 attempts: dial-refused',
      'drop      1 proxy: http://10.0.0.9:80 nothing of 9 (dial-timeout)',
      '          regatta proxies keep LIST --after .regatta/a --out keep.txt',
      'throttled a.test asked to slow down 3 times and was left alone for 1 min 05 s',
      'cost      6.00 USD for 2.0 GB at 3.00 USD per GB, 0.067 USD per page',
    ])
    expect(reportLines(record, true)).toContain(
      'waits     1 min 30 s for the interval between two requests (all requests together)',
    )
    expect(reportLines(record, true)).toContain(
      '          12× dial-refused, such as http://a.test/1 through http://10.0.0.1:80',
    )
  })

  test('is a dozen lines at most, and says how to see the rest', () => {
    const lines = Array.from({ length: 30 }, (_, n) => `line ${n}`)
    expect(shortened(lines, false)).toHaveLength(12)
    expect(shortened(lines, false).at(-1)).toContain('and 19 more lines: --verbose, or --report')
    expect(shortened(lines, true)).toEqual(lines)
  })

  test('of a run that was read from its folder begins with its totals', () => {
    expect(overview(runRecord({ counts: { ...runRecord().counts, left: 7 } }))).toEqual([
      'http://a.test/: 90 pages, 88 items in 1 min 00 s (1.5/s), finished',
      'attempts  120, 1.33 per page, 5 hedged',
      'latency   p50 100 ms, p95 400 ms',
      'traffic   90 kB, 1.0 kB per page',
      'given up  2: regatta dead list .regatta/a',
      'left      7 requests; go on with: regatta resume .regatta/a',
    ])
  })
})
