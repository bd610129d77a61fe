import { expect, it } from 'vitest'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { openScene, proxyList } from '../faults/simulation.ts'

/** What is compared at one host keeps nobody waiting at another. */
const html = { 'content-type': 'text/html; charset=utf-8' }

function answer(url: string): SimulatedAttempt {
  const body = `<html><head><title>${url}</title></head><body><p>All about ${url}</p></body></html>`
  const isSlow = url.startsWith('https:')
  return { afterMs: isSlow ? 6_000 : 50, status: 200, headers: html, body, facts: { verified: isSlow } }
}

it('exits that are busy with slow pages over TLS are asked over plain HTTP all the same', async () => {
  const scene = await openScene({ proxies: proxyList(6), hedge: false, politeness: false }, ({ request }) =>
    answer(request.url),
  )
  const slow = Array.from({ length: 48 }, (_, n) => scene.crawler.fetch(`https://slow.test/${n}`))
  const times: number[] = []
  const quick = async () => {
    for (let n = 0; n < 20; n++) {
      const from = scene.clock.now()
      await scene.crawler.fetch(`http://quick.test/${n}`)
      times.push(scene.clock.now() - from)
    }
  }
  await scene.until(quick(), 120_000)
  expect(Math.max(...times)).toBeLessThan(1_000)
  await scene.until(Promise.all(slow))
  await scene.end()
})
