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
