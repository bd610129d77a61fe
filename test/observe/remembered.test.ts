import { expect, it } from 'vitest'
import { good, openScene, proxyList } from '../faults/simulation.ts'

/** What is explained without a state: as much as the option `explain.keep` lets stay in memory. */
it('remembers the latest requests, and a failure for long after the good ones of its time', async () => {
  const options = { proxies: proxyList(2), politeness: false, explain: { keep: 10, sample: 0 } } as const
  const scene = await openScene(options, ({ request }) =>
    request.url.endsWith('/refused') ? { afterMs: 20, status: 403 } : good,
  )
  const { crawler } = scene
  const ask = (path: string) => scene.until(Promise.allSettled([crawler.fetch(`http://a.test/${path}`)]))
  await ask('first')
  await ask('refused')
  expect(crawler.explain('http://a.test/first')?.end).toBe('answered')
  for (let n = 0; n < 30; n++) await ask(`${n}`)
  expect(crawler.explain('http://a.test/first')).toBeUndefined()
  expect(crawler.explain('http://a.test/29')?.kept).toBe('recent')
  expect(crawler.explain('http://a.test/refused')).toMatchObject({ end: 'failed', kept: 'failed' })
  await scene.end()
})
