import { expect, test } from 'vitest'
import { createCrawler } from '../../src/index.ts'
import { startLab } from '../../src/lab/index.ts'

test('a check takes dead proxies out before any request meets them, and credits the living', async () => {
  await using lab = await startLab({
    origins: { site: {}, one: {}, two: {} },
    proxies: [
      { name: 'good', count: 2 },
      { name: 'dead', fault: 'dead' },
    ],
  })
  const { one, two, site } = lab.origins
  const echoes = [`${one!.url}/echo`, `${two!.url}/echo`]
  await using crawler = await createCrawler({
    proxies: [...lab.proxies],
    politeness: false,
    trust: 'blind',
    health: { echoes },
  })
  for (let round = 0; round < 3; round++)
    expect(await crawler.checkOnce()).toMatchObject({ checked: 3, alive: 2, dead: 1 })
  expect(crawler.stats().proxies).toMatchObject({ healthy: 2, open: 1 })
  const [good, dead] = [lab.proxies[0]!, lab.proxies[2]!].map(
    (id) => crawler.proxies().find((view) => view.id === id)!,
  )
  expect(good!.success).toBeGreaterThan(dead!.success)
  for (let n = 0; n < 20; n++)
    expect((await crawler.fetch(`${site!.url}/bytes/10`)).headers.get('x-regatta-attempts')).toBe('1')
})

test('one echo target is not enough, and the option says so', async () => {
  const opening = createCrawler({ direct: true, health: { echoes: ['http://one.example/'] } })
  await expect(opening).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    message: expect.stringContaining('health.echoes'),
  })
})

test('checks and requests speak to one breaker and one memory of a proxy', async () => {
  await using lab = await startLab({
    origins: { site: {}, one: {}, two: {} },
    proxies: [{ name: 'good' }, { name: 'dead', fault: 'dead' }],
  })
  const { one, two, site } = lab.origins
  /** How many checks it takes until the dead one is out, after so many requests have met it. */
  async function checksUntilOpen(requests: number) {
    await using crawler = await createCrawler({
      proxies: [...lab.proxies],
      politeness: false,
      hedge: false,
      trust: 'blind',
      breaker: { run: 3 },
      health: { echoes: [`${one!.url}/echo`, `${two!.url}/echo`] },
    })
    const of = (name: string) => {
      const { url } = lab.proxy(name)
      return crawler.proxies().find(({ id }) => id.includes(new URL(url).host))!
    }
    for (let n = 0; n < requests; n++) {
      const before = of('dead').success
      const lease = await crawler.lease(site!.url, { proxy: of('dead').id })
      lease.fail({ kind: 'dead', reason: 'dial-refused', hard: true })
      expect(of('dead').success).toBeLessThan(before)
    }
    let checks = 0
    while (of('dead').state !== 'open' && checks < 10) {
      const before = { good: of('good').success, dead: of('dead').success }
      await crawler.checkOnce()
      checks++
      expect(of('good').success).toBeGreaterThan(before.good)
      expect(of('dead').success).toBeLessThan(before.dead)
    }
    const { success } = of('good')
    await crawler.fetch(`${site!.url}/bytes/10`, { proxy: of('good').id })
    expect(of('good').success).toBeGreaterThan(success)
    return checks
  }
  expect([await checksUntilOpen(0), await checksUntilOpen(1), await checksUntilOpen(2)]).toEqual([3, 2, 1])
})
