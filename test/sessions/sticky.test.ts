import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineSource } from '../../src/source/define-source.ts'
import { good, openScene, proxyList } from '../faults/simulation.ts'

const base = { politeness: false, proxies: proxyList(6), sticky: {} } as const
const refused = { afterMs: 10, fault: { phase: 'dial', cause: 'dial-refused' } } as const

describe('a site that stays with one exit', () => {
  it('has all its requests over it, by registrable domain, and other sites have their own', async () => {
    const scene = await openScene(base, () => good)
    const all = ['www.shop.com', 'api.shop.com', 'shop.com'].flatMap((host) =>
      Array.from({ length: 8 }, (_, n) => scene.crawler.fetch(`https://${host}/${n}`)),
    )
    await scene.until(Promise.all(all))
    expect(scene.attempts).toHaveLength(24)
    expect(new Set(scene.attempts.map(({ proxy }) => proxy)).size).toBe(1)
    for (let n = 0; n < 12; n++) await scene.until(scene.crawler.fetch(`https://site-${n}.org/`))
    expect(new Set(scene.attempts.map(({ proxy }) => proxy)).size).toBeGreaterThan(1)
    await scene.end()
  })

  it('takes another one when its time is over', async () => {
    const scene = await openScene({ ...base, strategy: 'round-robin', sticky: { ttl: 60_000 } }, () => good)
    const visit = () => scene.until(scene.crawler.fetch('https://shop.com/'))
    for (let n = 0; n < 5; n++) {
      await visit()
      await scene.clock.advance(10_000)
    }
    expect(new Set(scene.attempts.map(({ proxy }) => proxy)).size).toBe(1)
    await scene.clock.advance(20_000)
    await visit()
    expect(scene.attempts.at(-1)!.proxy).not.toBe(scene.attempts[0]!.proxy)
    await scene.end()
  })

  it('takes another one when it fails, without an error, and stays with that', async () => {
    let dead = ''
    const scene = await openScene(base, ({ proxy }) => (proxy.id === dead ? refused : good))
    const visit = (n: number) => scene.until(scene.crawler.fetch(`https://shop.com/${n}`))
    await visit(1)
    dead = scene.attempts[0]!.proxy
    for (let n = 2; n < 8; n++) expect((await visit(n)).status).toBe(200)
    const after = scene.attempts.slice(2).map(({ proxy }) => proxy)
    expect(new Set(after).size).toBe(1)
    expect(after[0]).not.toBe(dead)
    await scene.end()
  })

  it('takes another one when it is isolated, and in a crawl too', async () => {
    const scene = await openScene({ ...base, sticky: { by: 'host' } }, () => good)
    const source = defineSource({
      name: 'shop',
      params: z.object({}),
      item: z.object({}),
      robots: false,
      *seeds() {
        for (let n = 0; n < 10; n++) yield `https://shop.com/${n}`
      },
      *parse(page) {
        yield page.item({})
      },
    })
    expect(await scene.until(scene.crawler.crawl(source).run())).toMatchObject({ items: 10 })
    expect(new Set(scene.attempts.map(({ proxy }) => proxy)).size).toBe(1)
    const first = scene.attempts[0]!.proxy
    scene.crawler.isolate(first)
    await scene.until(scene.crawler.fetch('https://shop.com/again'))
    expect(scene.attempts.at(-1)!.proxy).not.toBe(first)
    await scene.end()
  })

  it('may be one host alone', async () => {
    const scene = await openScene(
      { ...base, strategy: 'round-robin', sticky: undefined, hosts: { 'shop.com': { sticky: {} } } },
      () => good,
    )
    for (let n = 0; n < 6; n++) {
      await scene.until(scene.crawler.fetch(`https://shop.com/${n}`))
      await scene.until(scene.crawler.fetch(`https://other.org/${n}`))
    }
    const exitsOf = (host: string) =>
      new Set(scene.attempts.filter((each) => each.host === host).map(({ proxy }) => proxy)).size
    expect([exitsOf('shop.com'), exitsOf('other.org')]).toEqual([1, 6])
    await scene.end()
  })
})
