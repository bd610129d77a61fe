import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { z } from 'zod'
import type { ProxyUse } from '../../src/contracts/proxy-filter.ts'
import { parseProxy } from '../../src/fleet/parse-proxy.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { good, openScene, proxyList } from '../faults/simulation.ts'

const page = { afterMs: 50, headers: { 'content-type': 'text/html' }, body: '<p>x' }

/** Proxy 1 is German and mobile, 2 German, 3 mobile, the others neither. */
const fleet = proxyList(12).map((line, index) => {
  const tags = ['country=DE class=mobile', 'country=DE class=datacenter', 'country=US class=mobile']
  return `${line} ${tags[index] ?? 'country=US class=datacenter'}`
})

/** Seeds `/0`, `/1`, … of its host, and from each the page `/from/N` with a filter of its own. */
function source({
  use,
  seeds = 10,
  seedUse,
  followUse,
}: {
  use?: ProxyUse
  seeds?: number
  seedUse?: ProxyUse
  followUse?: ProxyUse
}) {
  return defineSource({
    name: 'filtered',
    params: z.unknown(),
    item: z.string(),
    ...(use !== undefined && { use }),
    *seeds() {
      for (let n = 0; n < seeds; n++) yield { url: `http://own.test/${n}`, use: seedUse }
    },
    *parse(seen) {
      yield seen.item(seen.url)
      if (!seen.url.includes('/from/') && followUse !== undefined)
        yield seen.follow(seen.url.replace('.test/', '.test/from/'), { use: followUse })
    },
  })
}

const options = { proxies: fleet, politeness: false as const, trust: 'blind' as const }

it('the filters of the source, of the crawl and of a request must all be passed; others take any proxy', async () => {
  const scene = await openScene(options, () => page)
  const used = (part: string) =>
    [...new Set(scene.attempts.filter(({ url }) => url.includes(part)).map(({ proxy }) => proxy))].sort()
  const run = async (own: Parameters<typeof source>[0], use?: ProxyUse) => {
    const crawl = scene.crawler.crawl(source(own), {}, { robots: false, use })
    return scene.until(crawl.run())
  }
  const [both, german, mobile] = scene.crawler.proxies().map(({ id }) => id)
  await run({ use: 'country=DE', followUse: { class: 'mobile' } })
  expect(used('/from/')).toEqual([both])
  expect(used('own.test/')).toEqual([both, german])
  const before = scene.attempts.length
  await run({ seedUse: 'class=mobile', seeds: 20 }, 'protocol=socks5|socks5h')
  expect([...new Set(scene.attempts.slice(before).map(({ proxy }) => proxy))].sort()).toEqual([both, mobile])
  const then = scene.attempts.length
  await run({ seeds: 60 })
  expect(new Set(scene.attempts.slice(then).map(({ proxy }) => proxy)).size).toBeGreaterThan(4)
  await scene.end()
})

it('a request that no proxy may ask waits, says so once, keeps nobody else waiting, and goes on when one joins', async () => {
  let list = fleet
  const provider = {
    name: 'own',
    trusted: true,
    load: async () => ({ proxies: list.map((line) => parseProxy(line)), rejected: [] }),
  }
  const scene = await openScene(
    { ...options, proxies: provider as never, capacity: 4, concurrency: 2 },
    () => page,
  )
  const crawl = scene.crawler.crawl(source({ seeds: 20, followUse: 'country=FR' }), {}, { robots: false })
  const summary = crawl.run()
  await scene.clock.advance(600_000)
  expect(crawl.progress()).toMatchObject({ pages: 20, failed: 0, queued: 20 })
  expect(scene.log.alerts).toEqual([
    { code: 'NO_PROXY_PASSES', message: expect.stringMatching(/own\.test.*country=FR/) },
  ])
  list = [...fleet, 'socks5://10.9.0.1:1080 country=FR']
  await scene.crawler.refresh()
  expect(await scene.until(summary)).toMatchObject({ pages: 40, failed: 0 })
  const late = scene.attempts.filter(({ url }) => url.includes('/from/'))
  expect(new Set(late.map(({ proxy }) => proxy)).size).toBe(1)
  expect(late[0]!.proxy).toContain('10.9.0.1')
  await scene.end()
})

it('a frontier on disk keeps the filter of a request, and the URL alone says which request it is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'regatta-filter-'))
  const state = join(folder, 'state')
  const asked: string[] = []
  for (const maxPages of [3, 100]) {
    const scene = await openScene({ ...options, state }, () => page)
    // The second run would ask for them without a filter: they are known already.
    const own = maxPages === 3 ? source({ seedUse: 'country=DE,class=mobile' }) : source({})
    const crawl = scene.crawler.crawl(own, {}, { robots: false, maxPages, name: 'kept' })
    let isOver = false
    const summary = crawl.run().finally(() => {
      isOver = true
    })
    // The disk keeps no virtual time.
    while (!isOver) {
      await scene.clock.advance(100)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await summary
    asked.push(...scene.attempts.map(({ proxy }) => proxy))
    await scene.crawler.stop()
  }
  expect(asked.length).toBe(10)
  expect(new Set(asked).size).toBe(1)
  await rm(folder, { recursive: true, force: true })
})

it('a wrong filter of a request, of a source or of a crawl is refused by name', async () => {
  const scene = await openScene(options, () => good)
  const wrong = 'country=Germany'
  expect(() => source({ use: wrong })).toThrow(
    expect.objectContaining({ code: 'SOURCE_INVALID', message: expect.stringContaining('use') }),
  )
  expect(() => scene.crawler.crawl(source({}), {}, { use: wrong })).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('"use"') }),
  )
  const crawl = scene.crawler.crawl(source({ seedUse: wrong }), {}, { robots: false })
  await expect(scene.until(crawl.run())).rejects.toThrow('"use"')
  await scene.end()
})
