import { describe, expect, it } from 'vitest'
import { openLabScene } from './lab-scene.ts'

describe('fault 14: the proxy of a session dies between the crumb and the quote', () => {
  it.each([1, 2, 3])(
    'the session starts again from its first step, and no address uses another’s crumb (seed %i)',
    async (seed) => {
      await using scene = await openLabScene(
        { origins: { quotes: {} }, proxies: [{ name: 'exit', count: 8 }] },
        { seed, breaker: { base: 200 } },
      )
      const { lab, crawler } = scene
      const url = lab.origins.quotes!.url
      const nameOf = new Map(lab.proxyNames().map((name) => [lab.proxy(name).url, name]))
      const tries: number[] = []
      const flow = (symbol: number) =>
        crawler.session(async (session) => {
          tries.push(session.tryNumber)
          const first = await session.fetch(`${url}/crumb`)
          const cookie = first.headers.get('set-cookie')!.split(';')[0]!
          const crumb = await first.text()
          // Every third session loses its proxy here, once.
          if (symbol % 3 === 0 && session.tryNumber === 1) {
            const exit = lab
              .proxyNames()
              .find((name) => first.headers.get('x-regatta-proxy')!.includes(lab.proxy(name).exitIp))!
            await lab.control.kill(exit)
          }
          const quote = await session.fetch(`${url}/quote?symbol=S${symbol}&crumb=${crumb}`, {
            headers: { cookie },
          })
          if (quote.status === 401) session.restart('the crumb was refused')
          return (await quote.json()) as { symbol: string; price: number }
        })
      for (let symbol = 0; symbol < 9; symbol++) {
        expect(await flow(symbol)).toMatchObject({ symbol: `S${symbol}`, price: 42 })
        for (const name of nameOf.values()) await lab.control.revive(name).catch(() => {})
      }
      expect(tries.filter((number) => number > 1).length).toBeGreaterThanOrEqual(3)

      // The origin's books: each crumb was shown by the address it was given to, and nowhere else.
      const { origins } = await lab.books()
      const givenTo = new Map<string, string>()
      for (const { path, crumb, exitIp } of origins.quotes!.rows) {
        if (path === '/crumb') givenTo.set(crumb, exitIp)
        else expect(exitIp, `crumb ${crumb}`).toBe(givenTo.get(crumb))
      }
      expect(origins.quotes!.rows.filter(({ status }) => status === 401)).toEqual([])
      await scene.end()
    },
  )

  it('is given up after its tries, with SESSION_LOST', async () => {
    await using scene = await openLabScene({ origins: { quotes: {} }, proxies: [{ name: 'exit', count: 3 }] })
    const work = scene.crawler.session(
      async (session) => {
        await session.fetch(`${scene.lab.origins.quotes!.url}/crumb`)
        session.restart('always')
      },
      { tries: 4 },
    )
    await expect(work).rejects.toMatchObject({ code: 'SESSION_LOST' })
    expect(scene.log.settled).toHaveLength(4)
    await scene.end()
  })
})
