import { describe, expect, it } from 'vitest'
import type { FaultCause, Phase } from '../../src/contracts/outcome.ts'
import { createCrawler } from '../../src/face/crawler.ts'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { good, openScene, proxyList } from '../faults/simulation.ts'
import { startRaw, startSocks } from '../transport/world.ts'

/** What three exits bring broken in the same way is the page's: it ends there, and nobody is blamed. */
const broken = (phase: Phase, cause: FaultCause, bytes = 0, verified = false): SimulatedAttempt => ({
  afterMs: 100,
  fault: { phase, cause },
  facts: { bytes, verified, firstByteMs: 90 },
})
const answers: Record<string, SimulatedAttempt> = {
  malformed: broken('body', 'malformed', 40),
  'head-too-large': broken('headers', 'head-too-large'),
  'http-garbage': broken('headers', 'http-garbage'),
  'body-short': broken('body', 'body-short', 4_000),
  'decode-failed': broken('decode', 'decode-failed', 900),
}
const fleets = [
  { name: 'no proxy', options: { direct: true } },
  { name: 'one proxy', options: { proxies: proxyList(1) } },
  { name: 'two proxies', options: { proxies: proxyList(2) } },
  { name: 'three proxies', options: { proxies: proxyList(3) } },
  { name: 'twelve proxies', options: { proxies: proxyList(12) } },
]

describe.each(fleets)('with $name', ({ options }) => {
  it.each(Object.entries(answers))('a page that is %s costs three requests', async (reason, answer) => {
    const scene = await openScene(options, ({ request }) => (request.url.endsWith('/ill') ? answer : good))
    const failed = scene.crawler.fetch('http://site.test/ill').catch((error: unknown) => error)
    const error = (await scene.until(failed, 60_000)) as { value: object; message: string }
    expect(error.value).toMatchObject({ reason, attempts: 3 })
    expect(scene.attempts).toHaveLength(3)
    expect(scene.clock.now()).toBeLessThan(10_000)
    expect(scene.crawler.proxies().filter(({ state }) => state !== 'closed')).toEqual([])
    expect(scene.log.proxyStates).toEqual([])
    // The host and its exits are as good as before.
    const from = scene.clock.now()
    await scene.until(
      Promise.all(Array.from({ length: 5 }, (_, n) => scene.crawler.fetch(`http://site.test/${n}`))),
    )
    expect(scene.clock.now() - from).toBeLessThan(10_000)
    await scene.end()
  })

  it('a host of nothing but broken pages blames nobody, and ends', async () => {
    const scene = await openScene(options, ({ request }) =>
      request.url.includes('ill.test') ? answers.malformed! : good,
    )
    const ends = Array.from({ length: 40 }, (_, n) =>
      scene.crawler.fetch(`https://ill.test/${n}`).catch((error: { value: object }) => error.value),
    )
    for (const end of await scene.until(Promise.all(ends), 3_600_000)) {
      expect(end).toMatchObject({ reason: 'malformed', attempts: 3 })
    }
    expect(scene.log.proxyStates).toEqual([])
    expect(scene.log.alerts).toEqual([])
    await scene.end()
  })
})

it('one exit that spoils what others bring whole is shut out, and no page is lost', async () => {
  const scene = await openScene({ proxies: proxyList(6), hedge: false }, ({ proxy }) =>
    proxy.host.endsWith('.1') ? answers.malformed! : good,
  )
  for (const host of ['one.test', 'two.test', 'three.test']) {
    const pages = Array.from({ length: 60 }, (_, n) => scene.crawler.fetch(`http://${host}/${n}`))
    await scene.until(Promise.all(pages), 600_000)
  }
  const shut = new Set(scene.log.proxyStates.filter(({ to }) => to === 'open').map(({ proxy }) => proxy))
  expect([...shut]).toEqual([expect.stringMatching(/\.1:/)])
  expect(scene.log.proxyStates).toContainEqual(expect.objectContaining({ to: 'open', host: undefined }))
  await scene.end()
})

it('where many exits spoil what they carry, more must agree, and hardly a page is given up', async () => {
  let luck = 0
  const scene = await openScene({ proxies: proxyList(20), politeness: { interval: 100 } }, () => {
    luck = (luck * 1_103_515_245 + 12_345) % 2_147_483_648
    return luck % 10_000 < 3_000 ? answers.malformed! : good
  })
  const pages = Array.from({ length: 300 }, (_, n) => scene.crawler.fetch(`http://site.test/${n}`))
  const ends = await scene.until(Promise.allSettled(pages), 3_600_000)
  expect(ends.filter(({ status }) => status === 'rejected').length).toBeLessThanOrEqual(3)
  await scene.end()
})

it('bodies that break off at different places are the way’s, not the page’s', async () => {
  let bytes = 1_000
  const scene = await openScene({ proxies: proxyList(12) }, (_, now) =>
    now < 700 ? broken('body', 'body-short', bytes++) : good,
  )
  expect((await scene.until(scene.crawler.fetch('http://site.test/'), 600_000)).status).toBe(200)
  await scene.end()
})

describe('a real server', () => {
  const wrong = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n'

  it.each(['directly', 'over SOCKS5'])('is asked three times for a malformed page, %s', async (how) => {
    let requests = 0
    const origin = await startRaw((socket) => {
      socket.on('data', () => {
        requests++
        socket.write(wrong)
      })
    })
    const socks = await Promise.all([1, 2, 3, 4, 5].map(() => startSocks(origin.port)))
    await using crawler = await createCrawler({
      ...(how === 'directly'
        ? { direct: true }
        : { proxies: socks.map(({ port }) => `socks5://127.0.0.1:${port}`) }),
      politeness: false,
    })
    const url = how === 'directly' ? `http://127.0.0.1:${origin.port}/` : 'http://shop.test/'
    await expect(crawler.fetch(url)).rejects.toMatchObject({ value: { reason: 'malformed', attempts: 3 } })
    expect(requests).toBe(3)
    expect(crawler.proxies().filter(({ state }) => state !== 'closed')).toEqual([])
  })
})
