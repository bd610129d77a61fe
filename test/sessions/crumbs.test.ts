import { describe, expect, it } from 'vitest'
import { runCrumbs } from './crumb-world.ts'

/** The whole list, of 11,706 symbols, is run by `npm run crumbs`. */
const wish = { symbols: 1_200, proxies: 100, dying: 10, dieEveryMs: 1_200, crumbMs: 5_000 }

describe('a crumb that is good for one address alone', () => {
  it('is shown by nobody else: every symbol comes, though exits die and crumbs expire', async () => {
    const run = await runCrumbs({ ...wish, session: { size: 50 } })
    expect(run.symbols.size).toBe(1_200)
    expect(run.summary).toMatchObject({ items: 1_200, failed: 0 })
    expect(run.foreign).toBe(0)
    // They did expire.
    expect(run.quotes.get(401)).toBeGreaterThan(20)
    expect(run.crumbs).toBeGreaterThan(60)
    expect(run.charged).toBe(0)
    expect(run.opened).toEqual([])
  })

  it('is refused from everywhere else when there is no session', async () => {
    const run = await runCrumbs({ ...wish, symbols: 300, session: undefined })
    expect(run.symbols.size).toBeLessThan(30)
    expect(run.foreign).toBeGreaterThan(250)
  })

  it('is renewed before it expires, where the source says how long it lives', async () => {
    const run = await runCrumbs({ ...wish, symbols: 600, session: { size: 20, maxAge: 3_000 } })
    expect(run.summary).toMatchObject({ items: 600, failed: 0 })
    expect([...run.quotes.keys()]).toEqual([200])
    expect(run.foreign).toBe(0)
  })

  it('is shown so often and no more, where the source says so', async () => {
    const run = await runCrumbs({ ...wish, dying: 0, symbols: 300, session: { size: 10, maxUses: 7 } })
    const uses = new Map<string, number>()
    for (const { path, crumb } of run.rows)
      if (path.startsWith('/quote')) uses.set(crumb, (uses.get(crumb) ?? 0) + 1)
    expect(run.summary.items).toBe(300)
    expect(Math.max(...uses.values())).toBe(7)
    expect(run.crumbs).toBeGreaterThanOrEqual(Math.ceil(300 / 7))
  })

  it('behind a limit for each address: fifty sessions are more than twenty times as fast as one', async () => {
    const site = { ...wish, dying: 0, crumbMs: 600_000, perMinute: 60 }
    const rateOf = async (proxies: number, symbols: number) => {
      const run = await runCrumbs({ ...site, symbols, proxies, session: { size: Math.ceil(proxies / 2) } })
      expect(run.summary).toMatchObject({ items: symbols, failed: 0 })
      expect(run.foreign).toBe(0)
      return (symbols / run.virtualMs) * 60_000
    }
    // Without a proxy there is one address, too.
    const one = await rateOf(1, 120)
    const pool = await rateOf(100, 3_000)
    expect(pool / one).toBeGreaterThan(20)
  })
})
