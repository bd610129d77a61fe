import { describe, expect, it } from 'vitest'
import { good, openScene, proxyList } from './simulation.ts'

const year = 365 * 86_400_000
const wall = Date.UTC(2030, 0, 1)
const day = (ms: number) => new Date(wall + ms).toUTCString()

/** What the header says, and the least and most that may pass before the exit comes back. */
const backoff: [number, number] = [1_000, 2_100]
const cases: [name: string, header: string, range: [number, number]][] = [
  ['garbage', 'in a moment', backoff],
  ['empty', '', backoff],
  ['negative', '-5', backoff],
  ['not a number', 'NaN', backoff],
  ['a fraction', '1.5', [1_500, 1_600]],
  ['two values', '5, 10', [5_000, 5_100]],
  ['a unit', '30s', [30_000, 30_100]],
  ['a date of ISO 8601', new Date(wall + 30_000).toISOString(), [29_000, 30_100]],
  ['zero', '0', [1_000, 1_100]],
  ['a date in the past', day(-3_600_000), backoff],
  ['a date that does not exist', 'Mon, 99 Foo 2030 00:00:00 GMT', backoff],
  ['ten years', String((10 * year) / 1_000), [3_600_000, 3_600_100]],
  ['a date in ten years', day(10 * year), [3_600_000, 3_600_100]],
  ['more than a number holds', '9'.repeat(400), [3_600_000, 3_600_100]],
  ['ninety seconds', '90', [90_000, 90_100]],
]

describe('fault 5: a Retry-After that makes no sense is clamped, and one that does is kept', () => {
  it.each(cases)('%s', async (_name, header, [least, most]) => {
    let refused = 0
    const scene = await openScene({ proxies: proxyList(1) }, () =>
      refused++ === 0 ? { afterMs: 20, status: 429, headers: { 'retry-after': header } } : good,
    )
    const response = await scene.until(scene.crawler.fetch('http://target.test/'))
    expect(response.status).toBe(200)
    const [first, second] = scene.transport.visits
    expect(scene.transport.visits).toHaveLength(2)
    expect(second!.at - first!.until).toBeGreaterThanOrEqual(least)
    expect(second!.at - first!.until).toBeLessThanOrEqual(most)
    await scene.end()
  })

  it('a host that goes on refusing without a reason is asked ever less often, but at least once a minute', async () => {
    const scene = await openScene({ proxies: proxyList(3) }, (_call, now) =>
      now < 800_000 ? { afterMs: 20, status: 429, headers: { 'retry-after': 'soon' } } : good,
    )
    await scene.until(scene.crawler.fetch('http://target.test/'))
    const starts = scene.transport.visits.map(({ at }) => at)
    const gaps = starts.slice(1).map((at, index) => at - starts[index]!)
    expect(starts.length).toBeLessThan(100)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(61_000)
    expect(starts.at(-1)).toBeGreaterThanOrEqual(800_000)
    await scene.end()
  })
})
