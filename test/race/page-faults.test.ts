import { expect, test } from 'vitest'
import { createCrawler } from '../../src/face/crawler.ts'
import { startLab } from '../../src/lab/index.ts'

test('a page that is too large ends its task after one attempt, with an error that says so', async () => {
  await using lab = await startLab({ origins: { site: {} }, proxies: [{ count: 3 }] })
  await using crawler = await createCrawler({
    proxies: [...lab.proxies],
    maxBody: 2_000,
    politeness: false,
    trust: 'blind',
  })
  const outcomes: boolean[] = []
  crawler.on('outcome', ({ won }) => outcomes.push(won))
  const answer = crawler.fetch(`${lab.origins.site!.url}/bytes/500000`)
  await expect(answer).rejects.toMatchObject({
    code: 'TASK_FAILED',
    message: expect.stringContaining('longer than 2000 bytes'),
    value: { reason: 'body-too-large', attempts: 1 },
  })
  expect(outcomes).toEqual([false])
})

test('over plain HTTP the other exits are asked first whether it is', async () => {
  await using lab = await startLab({ origins: { site: {} }, proxies: [{ count: 3 }] })
  await using crawler = await createCrawler({ proxies: [...lab.proxies], maxBody: 2_000, politeness: false })
  const exits = new Set<string>()
  crawler.on('outcome', ({ proxy }) => exits.add(proxy))
  const error = await crawler.fetch(`${lab.origins.site!.url}/bytes/500000`).catch((each: unknown) => each)
  expect(error).toMatchObject({ value: { reason: 'body-too-large', attempts: exits.size } })
  expect(exits.size).toBeGreaterThan(1)
})
