import { describe, expect, it } from 'vitest'
import type { OwnLease } from '../../src/contracts/own-lease.ts'
import { good, openScene, proxyList } from '../faults/simulation.ts'

const base = { politeness: false, hedge: false, proxies: proxyList(4) } as const
const site = 'https://shop.test/'

describe('a lease', () => {
  it('of a session goes over its exit, shows its cookies, and binds a session that has none yet', async () => {
    const scene = await openScene(base, () => ({ ...good, headers: { 'set-cookie': ['sid=1; Path=/'] } }))
    const answer = await scene.until(scene.crawler.fetch(site, { session: 'ann' }))
    const lease = await scene.until(scene.crawler.lease(site, { session: 'ann' }))
    expect(lease.proxy).toBe(answer.headers.get('x-regatta-proxy'))
    expect(lease.cookies?.headerFor(site)).toBe('sid=1')
    lease.succeed()
    const first = await scene.until(scene.crawler.lease(site, { session: 'bob' }))
    first.succeed()
    const next = await scene.until(scene.crawler.fetch(site, { session: 'bob' }))
    expect(next.headers.get('x-regatta-proxy')).toBe(first.proxy)
    await scene.end()
  })

  it('of a session that has lost its exit is not given over another one', async () => {
    const scene = await openScene(base, () => good)
    const lease = await scene.until(scene.crawler.lease(site, { session: 'ann' }))
    lease.fail('dead')
    await expect(scene.until(scene.crawler.lease(site, { session: 'ann' }))).rejects.toMatchObject({
      code: 'SESSION_LOST',
    })
    // It was told, so the next one begins anew.
    const anew = await scene.until(scene.crawler.lease(site, { session: 'ann' }))
    expect(anew.outcome).toBeUndefined()
    anew.succeed()
    await scene.end()
  })

  it('of one proxy is for that proxy, and rejects for one that is unknown, shut out, or not the session’s', async () => {
    const scene = await openScene(base, () => good)
    const { id } = scene.crawler.proxies()[2]!
    const lease = await scene.until(scene.crawler.lease(site, { proxy: id, session: 'ann' }))
    expect(lease.proxy).toBe(id)
    lease.succeed()
    const other = scene.crawler.proxies()[0]!.id
    const wrong = (options: object) => scene.until(scene.crawler.lease(site, options))
    await expect(wrong({ proxy: 'nobody' })).rejects.toMatchObject({ code: 'PROXY_UNKNOWN' })
    await expect(wrong({ proxy: other, session: 'ann' })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    scene.crawler.isolate(other)
    await expect(wrong({ proxy: other })).rejects.toMatchObject({ code: 'SESSION_LOST' })
    await scene.end()
  })

  it('that is direct has no proxy, and nobody is credited or charged', async () => {
    const scene = await openScene(base, () => good)
    const lease = await scene.until(scene.crawler.lease(site, { direct: true }))
    expect([lease.proxy, lease.url, lease.agent]).toEqual(['direct', 'direct://', undefined])
    lease.fail('dead')
    expect(scene.crawler.reputation().every(({ success, failure }) => success + failure === 0)).toBe(true)
    await expect(
      scene.until(scene.crawler.lease(site, { direct: true, session: 'a' })),
    ).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    })
    await scene.end()
  })

  it('hears its first word alone, and expires neutrally', async () => {
    const scene = await openScene(base, () => good)
    const lease = await scene.until(scene.crawler.lease(site))
    lease.succeed()
    lease.fail('dead')
    expect(lease.outcome?.kind).toBe('success')
    const forgotten = await scene.until(scene.crawler.lease(site, { expiresMs: 1_000 }))
    await scene.clock.advance(1_500)
    expect(forgotten.outcome).toMatchObject({ kind: 'neutral', reason: 'expired' })
    forgotten.fail('dead')
    const rows = scene.crawler.reputation().filter(({ host }) => host !== undefined)
    expect(rows.reduce((sum, { failure }) => sum + failure, 0)).toBe(0)
    await scene.end()
  })
})

describe('withLease', () => {
  it('reports what work returns as a success, and tries what it throws over other proxies', async () => {
    const scene = await openScene(base, () => good)
    const seen: OwnLease[] = []
    const work = (lease: OwnLease) => {
      seen.push(lease)
      if (seen.length < 3) throw new Error('connect ECONNREFUSED')
      return 'done'
    }
    expect(await scene.until(scene.crawler.withLease(site, work))).toBe('done')
    expect(seen.map(({ outcome }) => outcome?.kind)).toEqual(['transient', 'transient', 'success'])
    expect(new Set(seen.map(({ proxy }) => proxy)).size).toBe(3)
    await scene.end()
  })

  it('tries again what a page that is no JSON threw', async () => {
    const scene = await openScene(base, () => good)
    let times = 0
    const work = () => JSON.parse(++times === 1 ? 'The proxy is out of order' : '"fine"') as string
    expect(await scene.until(scene.crawler.withLease(site, work))).toBe('fine')
    await scene.end()
  })

  it('throws what the last try threw', async () => {
    const scene = await openScene(base, () => good)
    let times = 0
    const work = () => {
      throw new Error(`no ${++times}`)
    }
    await expect(scene.until(scene.crawler.withLease(site, work, { tries: 2 }))).rejects.toThrow('no 2')
    await scene.end()
  })

  it.each<[string, (lease: OwnLease) => never, string]>([
    [
      'that says the answer is final',
      (lease) => {
        lease.fail('final')
        throw new Error('there is no such page')
      },
      'final',
    ],
    [
      'whose code is wrong',
      () => {
        throw new ReferenceError('nothing is not defined')
      },
      'neutral',
    ],
  ])('does not try again work %s', async (_, throws, kind) => {
    const scene = await openScene(base, () => good)
    const seen: OwnLease[] = []
    const work = (lease: OwnLease) => {
      seen.push(lease)
      return throws(lease)
    }
    await expect(scene.until(scene.crawler.withLease(site, work))).rejects.toThrow()
    expect(seen.map(({ outcome }) => outcome?.kind)).toEqual([kind])
    await scene.end()
  })

  it('ends with its signal, and charges nobody', async () => {
    const scene = await openScene(base, () => good)
    const abort = new AbortController()
    let lease: OwnLease | undefined
    const work = async (given: OwnLease) => {
      lease = given
      abort.abort(new Error('enough'))
      throw abort.signal.reason
    }
    const working = scene.crawler.withLease(site, work, { signal: abort.signal })
    await expect(scene.until(working)).rejects.toThrow('enough')
    expect(lease?.outcome?.kind).toBe('neutral')
    await scene.end()
  })
})
