import { describe, expect, it, vi } from 'vitest'
import { openLabScene } from './lab-scene.ts'
import { numberOf, openScene, proxyList } from './simulation.ts'

const hedged = { minDelay: 10, coldDelay: 10, share: 1, tokens: 1_000 }

describe('fault 11: winner and loser in one moment', () => {
  it.each([1, 2, 3, 4, 5])(
    'two attempts that finish in the same tick give one answer (seed %i)',
    async (seed) => {
      // Every attempt of a task ends at the same virtual millisecond, whenever it started.
      const ends = new Map<string, number>()
      const scene = await openScene(
        { proxies: proxyList(10), politeness: false, hedge: hedged, seed },
        (call, now) => {
          const end = ends.get(call.request.url) ?? now + 100
          ends.set(call.request.url, end)
          return { afterMs: end - now }
        },
      )
      const answers = Array.from({ length: 100 }, (_, page) =>
        scene.crawler.fetch(`http://target.test/${page}`),
      )
      const responses = await scene.until(Promise.all(answers))
      expect(responses.every(({ status }) => status === 200)).toBe(true)
      const attempts = Map.groupBy(scene.log.outcomes, ({ task }) => task)
      const photoFinishes = [...attempts.values()].filter((each) => each.length > 1)
      expect(photoFinishes.length).toBeGreaterThan(10)
      await scene.end()
      // The losers stand as cancelled or as answers that came second; nobody was blamed.
      for (const { verdict, blame, won } of scene.log.outcomes) {
        expect(['success', 'neutral']).toContain(verdict)
        if (!won) expect(blame).toEqual({ proxy: 0, host: 0 })
      }
    },
  )

  it('an answer that comes after the deadline is dropped, and blames nobody', async () => {
    const scene = await openScene({ proxies: proxyList(3), politeness: false, hedge: hedged }, () => ({
      afterMs: 500,
    }))
    const error = await scene.until(
      scene.crawler.fetch('http://target.test/', { deadline: 495 }).catch((each: unknown) => each),
    )
    expect(error).toMatchObject({ code: 'DEADLINE', value: { attempts: 3 } })
    await scene.clock.advance(1_000)
    expect(scene.log.outcomes.map(({ verdict, won }) => ({ verdict, won }))).toEqual(
      Array.from({ length: 3 }, () => ({ verdict: 'neutral', won: false })),
    )
    expect(scene.crawler.stats().tasks).toMatchObject({ succeeded: 0, failed: 1 })
    await scene.end()
  })

  it('a deadline in the very tick of the answer ends the task once, either way', async () => {
    for (let deadline = 490; deadline <= 510; deadline++) {
      const scene = await openScene(
        { proxies: proxyList(3), politeness: false, hedge: hedged, seed: deadline },
        (call) => ({
          afterMs: 500 + (numberOf(call) % 2),
        }),
      )
      const result = await scene.until(
        scene.crawler.fetch('http://target.test/', { deadline }).then(
          () => 'answer',
          (error: { code: string }) => error.code,
        ),
      )
      expect(['answer', 'DEADLINE']).toContain(result)
      await scene.end()
    }
  })

  it.each([
    ['the SOCKS handshake', { fault: 'blackhole' }, false],
    ['CONNECT', { protocol: 'http', fault: 'blackhole' }, false],
    ['TLS', { fault: 'connect-then-silent' }, true],
    ['the body', { fault: 'trickle' }, false],
  ] as const)('a cancel in the middle of %s leaves no socket behind', async (_where, script, tls) => {
    await using scene = await openLabScene(
      { origins: { site: { tls } }, proxies: [{ name: 'slow', count: 3, ...script }] },
      { hedge: hedged },
    )
    const { crawler, lab, log } = scene
    const abort = new AbortController()
    const reason = new Error('enough')
    const answer = crawler.fetch(`${lab.origins.site!.url}/bytes/500`, { signal: abort.signal })
    const failed = answer.catch((error: unknown) => error)
    await vi.waitFor(() => expect(log.started).toHaveLength(3), { interval: 5 })
    await vi.waitFor(
      async () => {
        const { proxies } = await lab.books()
        expect(Object.values(proxies).every(({ open }) => open === 1)).toBe(true)
      },
      { interval: 5 },
    )
    abort.abort(reason)
    expect(await failed).toBe(reason)
    await vi.waitFor(
      async () => {
        const { proxies } = await lab.books()
        expect(Object.values(proxies).map(({ open }) => open)).toEqual([0, 0, 0])
      },
      { interval: 5 },
    )
    expect(log.outcomes.map(({ verdict, reason, blame }) => ({ verdict, reason, blame }))).toEqual(
      Array.from({ length: 3 }, () => ({
        verdict: 'neutral',
        reason: 'cancelled',
        blame: { proxy: 0, host: 0 },
      })),
    )
    await scene.end()
  })
})
