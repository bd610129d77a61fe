import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineSource } from '../../src/index.ts'
import type { SimulatedStep } from '../../src/sim/transport.ts'
import { good, numberOf, openScene, proxyList, type Scene } from '../faults/simulation.ts'

/** A list of which no proxy has ever answered: that is said within ten seconds, and a crawl need not wait for it. */
const refused: SimulatedStep = { afterMs: 5, fault: { phase: 'dial', cause: 'dial-refused' } }
const silent: SimulatedStep = { afterMs: 4_000, fault: { phase: 'dial', cause: 'dial-timeout' } }

const pages = defineSource({
  name: 'pages',
  params: z.object({}),
  item: z.object({}),
  *seeds() {
    for (let n = 0; n < 40; n++) yield `http://target.test/${n}`
  },
  *parse() {},
})

const impatient = { keepTrying: false } as const
const told = (scene: Scene) => scene.log.alerts.filter(({ code }) => code === 'NO_PROXY_ANSWERS')

async function endOf(scene: Scene, options: { keepTrying?: boolean }) {
  const run = scene.crawler.crawl(pages, {}, options).run()
  return scene.until(
    run.then(
      () => undefined,
      (error: unknown) => error,
    ),
  )
}

describe('a fleet of which nobody has answered', () => {
  it('ends a crawl that does not keep trying after one round of the list, with the reasons and what to do', async () => {
    const scene = await openScene({ proxies: proxyList(3) }, () => refused)
    expect(await endOf(scene, impatient)).toMatchObject({
      code: 'NO_PROXY_ANSWERS',
      message: expect.stringMatching(/None of the 3 proxies .*3 dial-refused.*--keep-trying/),
      value: { proxies: 3, asked: 3 },
    })
    expect(scene.clock.now()).toBeLessThan(1_000)
    await scene.end()
  })

  it('is told of within ten seconds, and ends the crawl within a minute, however long the list', async () => {
    const scene = await openScene({ proxies: proxyList(2_000) }, () => silent)
    const end = endOf(scene, impatient)
    await scene.clock.advance(10_000)
    expect(told(scene)).toEqual([
      expect.objectContaining({
        message: expect.stringMatching(/No proxy has answered in 8 s \(\d+ dial-timeout\)/),
      }),
    ])
    expect(await end).toMatchObject({ code: 'NO_PROXY_ANSWERS' })
    expect(scene.clock.now()).toBeLessThan(61_000)
    await scene.end()
  })

  it('is waited for by a crawl that keeps trying, and by submit, until somebody answers', async () => {
    const scene = await openScene({ proxies: proxyList(3) }, (_, now) => (now < 300_000 ? refused : good))
    const handle = await scene.crawler.submit('http://other.test/')
    const run = scene.crawler.crawl(pages, {}).run()
    await scene.clock.advance(10_000)
    expect(told(scene)).toHaveLength(1)
    expect(await scene.until(run)).toMatchObject({ pages: 40, failed: 0 })
    expect((await scene.until(handle.response)).status).toBe(200)
    await scene.end()
  })

  it('is another one than a fleet that has answered once: that is waited for in any case', async () => {
    const scene = await openScene({ proxies: proxyList(3) }, (_, now) =>
      now > 2_000 && now < 200_000 ? refused : good,
    )
    expect(await endOf(scene, impatient)).toBeUndefined()
    expect(scene.clock.now()).toBeGreaterThan(200_000)
    expect(told(scene)).toEqual([])
    await scene.end()
  })

  it('is not a fleet whose proxies answer that they do not reach the target', async () => {
    const scene = await openScene({ proxies: proxyList(3) }, () => ({
      afterMs: 50,
      fault: { phase: 'handshake', cause: 'connect-failed', code: 502 },
    }))
    const error = await endOf(scene, impatient)
    expect(error).not.toMatchObject({ code: 'NO_PROXY_ANSWERS' })
    await scene.end()
  })

  it('and one proxy of a long list that answers is enough', async () => {
    const scene = await openScene({ proxies: proxyList(30) }, (call) =>
      numberOf(call) === 17 ? good : refused,
    )
    expect(await endOf(scene, impatient)).toBeUndefined()
    await scene.end()
  })
})
