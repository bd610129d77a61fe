import { expect, it } from 'vitest'
import type { FetchInit } from '../../src/face/fetch-request.ts'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { openScene, proxyList } from '../faults/simulation.ts'

/** Answers that are no plain page are compared as well, at a bounded cost, and come soon. */
const html = { 'content-type': 'text/html; charset=utf-8', etag: '"1"' }
const cases: [string, FetchInit, SimulatedAttempt][] = [
  ['the head of a page', { method: 'HEAD' }, { afterMs: 40, headers: html, body: '' }],
  [
    'a page that has not changed',
    { headers: { 'if-none-match': '"1"' } },
    { afterMs: 40, status: 304, headers: html, body: '' },
  ],
  [
    'a part of a page',
    { headers: { range: 'bytes=0-9' } },
    { afterMs: 40, status: 206, headers: { ...html, 'content-range': 'bytes 0-9/100' }, body: '<html><bod' },
  ],
  ['a page that is gone', {}, { afterMs: 40, status: 410, headers: html, body: '<p>gone</p>' }],
  [
    'an image',
    {},
    {
      afterMs: 40,
      headers: { 'content-type': 'image/png' },
      body: new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]),
    },
  ],
  [
    'data',
    {},
    { afterMs: 40, headers: { 'content-type': 'application/json' }, body: '{"status":"ok","data":[1,2,3]}' },
  ],
  [
    'a slow page',
    {},
    { afterMs: 900, headers: html, body: '<html><body><p>Slow, and true.</p></body></html>' },
  ],
]

it.each(cases)('%s is compared, costs few requests, and then none', async (_, init, answer) => {
  const scene = await openScene({ proxies: proxyList(6), hedge: false, politeness: false }, () => answer)
  for (let n = 0; n < 40; n++) {
    const from = scene.clock.now()
    const response = await scene.until(
      scene.crawler.fetch(`http://site.test/${n}`, init).catch(() => undefined),
    )
    if (response) expect(['agreed', 'proven', 'unproven']).toContain(response.trust)
    expect(scene.clock.now() - from).toBeLessThan(6_000)
  }
  expect(scene.crawler.proxies().filter(({ state }) => state === 'isolated')).toEqual([])
  expect(scene.attempts.length).toBeLessThanOrEqual(40 * 2)
  const before = scene.attempts.length
  for (let n = 40; n < 80; n++)
    await scene.until(scene.crawler.fetch(`http://site.test/${n}`, init).catch(() => {}))
  expect(scene.attempts.length - before).toBeLessThanOrEqual(50)
  await scene.end()
})
