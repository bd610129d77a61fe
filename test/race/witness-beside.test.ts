import { expect, it } from 'vitest'
import { openScene, proxyList } from '../faults/simulation.ts'

/** A page of an exit that nobody knows is compared in any case: where there are exits enough nobody waits for one after the other. */
const html = { 'content-type': 'text/html; charset=utf-8' }
const body = '<html><head><title>A page</title></head><body><p>All there is to know</p></body></html>'

async function fetchOnce(exits: number, url: string, options: object = {}) {
  const scene = await openScene(
    { proxies: proxyList(exits), hedge: false, politeness: false, ...options },
    () => ({ afterMs: 100, status: 200, headers: html, body, facts: { verified: url.startsWith('https:') } }),
  )
  const startedAt: number[] = []
  const begun = scene.clock.now()
  scene.crawler.on('attempt.started', () => startedAt.push(scene.clock.now() - begun))
  await scene.until(scene.crawler.fetch(url))
  await scene.end()
  return startedAt
}

it('the first exit that is asked has its witness beside it', async () => {
  expect(await fetchOnce(40, 'http://site.test/')).toEqual([0, 0, 100, 200])
})

it('in a small fleet the witness is asked when there is an answer', async () => {
  expect(await fetchOnce(8, 'http://site.test/')).toEqual([0, 100, 200, 300])
})

it('nobody rides beside where no lie is possible, or none is looked for', async () => {
  expect(await fetchOnce(40, 'https://site.test/')).toEqual([0])
  expect(await fetchOnce(40, 'http://site.test/', { trust: 'blind' })).toEqual([0])
})

it('an exit that is believed is asked alone', async () => {
  const scene = await openScene(
    { proxies: proxyList(40), hedge: false, politeness: false },
    ({ request }) => ({
      afterMs: 100,
      status: 200,
      headers: html,
      body: body.replace('A page', request.url),
    }),
  )
  const ask = async (from: number) => {
    for (let n = from; n < from + 100; n++) await scene.crawler.fetch(`http://site.test/${n}`)
  }
  await scene.until(ask(0), 600_000)
  let witnesses = 0
  scene.crawler.on('attempt.started', ({ why }) => {
    if (why === 'witness') witnesses++
  })
  await scene.until(ask(100), 600_000)
  expect(witnesses).toBeLessThan(50)
  await scene.end()
})
