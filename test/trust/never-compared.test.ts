import { describe, expect, it } from 'vitest'
import type { FetchInit } from '../../src/face/fetch-request.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { openScene, proxyList } from '../faults/simulation.ts'

/** What must not be asked twice is asked once; what may be is compared as often as its caller wants. */
const html = { 'content-type': 'text/html; charset=utf-8' }

function answer(url: string): SimulatedAttempt {
  const { pathname, protocol } = new URL(url)
  const body = `<html><head><title>${pathname}</title></head><body><p>All about ${pathname}.</p></body></html>`
  return { afterMs: 40, status: 200, headers: html, body, facts: { verified: protocol === 'https:' } }
}

const open = (options: CrawlerOptions = {}) =>
  openScene({ proxies: proxyList(5), hedge: false, politeness: false, ...options }, ({ request }) =>
    answer(request.url),
  )

const [first] = proxyList(5)
const once: [string, string, FetchInit, CrawlerOptions?][] = [
  ['a POST', 'unchecked', { method: 'POST', body: 'a=1' }],
  ['a PATCH', 'unchecked', { method: 'PATCH', body: 'a=1' }],
  ['a request in a session', 'unchecked', { session: 'me' }],
  ['a request with a cookie', 'unchecked', { headers: { Cookie: 'a=1' } }],
  ['a request with a login', 'unchecked', { headers: { AUTHORIZATION: 'Bearer x' } }],
  ['a request over a named proxy', 'unchecked', { proxy: first! }],
  ['a request that is to be believed', 'unchecked', { trust: 'blind' }],
  ['a request of a crawler that believes all', 'unchecked', {}, { trust: 'blind' }],
  ['a host that is believed', 'unchecked', {}, { hosts: { 'site.test': { trust: 'blind' } } }],
  ['a request over no proxy', 'direct', {}, { proxies: [], direct: true }],
  ['the only exit', 'unproven', {}, { proxies: proxyList(1) }],
]

it.each(once)('%s is asked once, and is "%s"', async (_, trust, init, options = {}) => {
  const scene = await open(options)
  const response = await scene.until(scene.crawler.fetch('http://site.test/page', init))
  expect([response.trust, scene.attempts.length]).toEqual([trust, 1])
  await scene.end()
})

it('what comes over TLS is asked once, and is "verified"', async () => {
  const scene = await open({ trust: 'verify' })
  const response = await scene.until(scene.crawler.fetch('https://site.test/page'))
  expect([response.trust, scene.attempts.length]).toEqual(['verified', 1])
  await scene.end()
})

describe('a number of exits that must agree', () => {
  it.each([2, 3, 5])('of %i is had', async (verify) => {
    const scene = await open()
    const response = await scene.until(scene.crawler.fetch('http://site.test/page', { verify }))
    expect(response.trust).toBe('agreed')
    expect(new Set(scene.attempts.map(({ proxy }) => proxy)).size).toBeGreaterThanOrEqual(verify)
    await scene.end()
  })

  it('is had of exits that are believed, too', async () => {
    const scene = await open()
    for (let n = 0; n < 20; n++) await scene.until(scene.crawler.fetch(`http://site.test/${n}`))
    const before = scene.attempts.length
    const response = await scene.until(scene.crawler.fetch('http://site.test/page', { verify: 3 }))
    expect([response.trust, scene.attempts.length - before]).toEqual(['agreed', 3])
    await scene.end()
  })

  it('that there are not leaves it unproven, at once', async () => {
    const scene = await open({ proxies: proxyList(2) })
    const response = await scene.until(scene.crawler.fetch('http://site.test/page', { verify: 3 }))
    expect([response.trust, scene.attempts.length]).toEqual(['unproven', 2])
    expect(scene.clock.now()).toBeLessThan(1_000)
    await scene.end()
  })
})

it('a host that is to be verified has two exits for each page, and the others learn', async () => {
  const scene = await open({ hosts: { 'strict.test': { trust: 'verify' } } })
  const ask = async (host: string) => {
    const before = scene.attempts.length
    for (let n = 0; n < 20; n++) {
      const response = await scene.until(scene.crawler.fetch(`http://${host}/${n}`))
      if (host === 'strict.test') expect(response.trust).toBe('agreed')
    }
    return scene.attempts.length - before
  }
  expect(await ask('usual.test')).toBeLessThan(30)
  expect(await ask('strict.test')).toBeGreaterThanOrEqual(40)
  await scene.end()
})
