import { describe, expect, it } from 'vitest'
import { site } from '../../plugins/site.ts'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { good, openScene } from '../faults/simulation.ts'

/** Over plain HTTP a host can answer as a proxy would. What it says of the proxies counts at that host alone. */
const html = { 'content-type': 'text/html' }
const portal =
  '<html><head><title>Wi-Fi login</title></head><h1>Our Wi-Fi network</h1><p>Please log in to the network to connect</p></html>'
const forwarded = { forwarded: true } as const
const tricks: Record<string, SimulatedAttempt> = {
  'status 407': { afterMs: 30, status: 407, headers: html, body: 'x', facts: forwarded },
  'status 402 of a vendor': {
    afterMs: 30,
    status: 402,
    headers: { ...html, 'x-brd-error': 'account suspended' },
    body: 'x',
    facts: forwarded,
  },
  'Proxy-Status: proxy_internal_error': {
    afterMs: 30,
    status: 502,
    headers: { ...html, 'proxy-status': 'edge; error=proxy_internal_error' },
    body: 'x',
    facts: forwarded,
  },
  'a portal': { afterMs: 30, status: 200, headers: html, body: portal, facts: forwarded },
  'no HTTP at all': { afterMs: 30, fault: { phase: 'headers', cause: 'http-garbage' } },
  'silence behind CONNECT': { afterMs: 4_000, fault: { phase: 'handshake', cause: 'handshake-timeout' } },
}
const proxies = Array.from({ length: 12 }, (_, n) => `http://user:pass@10.0.0.${n + 1}:8080`)
const openForAll = { to: 'open', host: undefined }

describe.each(Object.entries(tricks))('a target that answers with %s', (name, trick) => {
  it('takes no proxy away from other hosts, and its pages end', async () => {
    const scene = await openScene({ proxies, hedge: false }, ({ request }) =>
      new URL(request.url).hostname.endsWith('evil.test') ? trick : good,
    )
    const fates = Array.from({ length: 6 }, (_, n) =>
      scene.crawler.fetch(`http://${n % 2 ? 'www.' : ''}evil.test/${n}`).then(
        () => 'a page',
        (error: { code: string }) => error.code,
      ),
    )
    await scene.until(
      Promise.all(Array.from({ length: 60 }, (_, n) => scene.crawler.fetch(`http://good.test/${n}`))),
    )
    expect(scene.clock.now()).toBeLessThan(10_000)
    expect(scene.log.proxyStates).not.toContainEqual(expect.objectContaining(openForAll))
    if (name !== 'silence behind CONNECT') {
      expect(await scene.until(Promise.all(fates), 60_000)).toEqual(Array(6).fill('TASK_FAILED'))
      expect(scene.log.proxyStates).not.toContainEqual(expect.objectContaining(openForAll))
    }
    await scene.crawler.stop()
  })

  it('on one page holds up no other page of its host', async () => {
    if (name === 'silence behind CONNECT') return
    const scene = await openScene({ proxies: proxies.slice(0, 3), hedge: false }, ({ request }) =>
      request.url.endsWith('/trap') ? trick : { ...good, facts: forwarded },
    )
    const before = scene.crawler.fetch('http://site.test/trap').catch((error: { code: string }) => error.code)
    expect(await scene.until(before, 30_000)).toBe('TASK_FAILED')
    expect(scene.clock.now()).toBeLessThan(10_000)
    const from = scene.clock.now()
    const pages = Array.from({ length: 12 }, (_, n) => scene.crawler.fetch(`http://site.test/${n}`))
    const again = scene.crawler.fetch('http://site.test/trap').catch((error: { code: string }) => error.code)
    await scene.until(Promise.all([...pages, again]), 60_000)
    expect(scene.clock.now() - from).toBeLessThan(10_000)
    await scene.end()
  })
})

it('a proxy that a second site accuses, too, is shut out for all', async () => {
  const scene = await openScene({ proxies, hedge: false }, ({ proxy }) =>
    proxy.host === '10.0.0.1' ? tricks['a portal']! : { ...good, facts: forwarded },
  )
  for (const site of ['one.test', 'two.test', 'three.test']) {
    await scene.until(
      Promise.all(Array.from({ length: 100 }, (_, n) => scene.crawler.fetch(`http://${site}/${n}`))),
    )
  }
  // What it made up was compared with the pages, too: it may be found lying before it is only shut out.
  const isShut = new Set(['open', 'isolated'])
  const shut = scene.log.proxyStates.filter(({ host, to }) => host === undefined && isShut.has(to))
  expect(shut.map(({ proxy }) => proxy)).toEqual([expect.stringContaining('10.0.0.1:')])
  await scene.end()
})

it('a wrong password ends a crawl in seconds, and is named', async () => {
  const scene = await openScene({ proxies, hedge: false }, () => tricks['status 407']!)
  const crawl = scene.crawler.crawl(site, { start: ['http://site.test/'], sitemaps: false })
  const summary = await scene.until(crawl.run(), 60_000)
  expect(scene.clock.now()).toBeLessThan(10_000)
  expect(summary.deadLetters).toMatchObject([
    { code: 'proxy-auth', detail: expect.stringContaining('password') },
  ])
  expect(scene.log.alerts).toMatchObject([
    {
      code: 'CREDENTIAL_REFUSED',
      message: expect.stringMatching(/user or password is refused, at site\.test/),
    },
  ])
  await scene.end()
})

it('a wrong password is sent three times at most to one host over plain HTTP, whatever is asked of it', async () => {
  let sent = 0
  const scene = await openScene({ proxies, hedge: false, politeness: false }, () => {
    sent++
    return tricks['status 407']!
  })
  const pages = Array.from({ length: 8 }, (_, n) =>
    scene.crawler.fetch(`http://site.test/${n}`).catch((error: { value: unknown }) => error.value),
  )
  for (const end of await scene.until(Promise.all(pages), 10_000))
    expect(end).toMatchObject({ reason: 'proxy-auth' })
  expect(sent).toBe(3)
  const later = scene.crawler
    .fetch('http://site.test/later')
    .catch((error: { value: unknown }) => error.value)
  expect(await scene.until(later, 1_000)).toMatchObject({ reason: 'proxy-auth', attempts: 0 })
  // A minute later it may have been mended: it is looked at once.
  await scene.clock.advance(61_000)
  const again = scene.crawler
    .fetch('http://site.test/again')
    .catch((error: { value: unknown }) => error.value)
  expect(await scene.until(again, 10_000)).toMatchObject({ reason: 'proxy-auth', attempts: 1 })
  expect(sent).toBe(4)
  await scene.end()
})
