import { describe, expect, it } from 'vitest'
import type { ProxyProvider } from '../../src/contracts/provider.ts'
import { parseList } from '../../src/fleet/proxy-list.ts'
import { good, openScene } from '../faults/simulation.ts'

function changing(text: string): ProxyProvider & { text: string } {
  return {
    text,
    name: 'vendor',
    trusted: true,
    async load() {
      return parseList(this.text, { trusted: true })
    },
  }
}

/** Opens a crawler over the first list, uses it, and gives it the second. */
async function renewedBy(before: string, after: string) {
  const provider = changing(before)
  const scene = await openScene({ proxies: provider, politeness: false, trust: 'blind' }, () => good)
  for (let n = 0; n < 5; n++) await scene.until(scene.crawler.fetch(`http://own.test/${n}`))
  const refreshed: unknown[] = []
  scene.crawler.on('proxies.refreshed', (event) => refreshed.push(event))
  provider.text = after
  await scene.crawler.refresh()
  return { scene, refreshed, provider }
}

describe('an exit whose account is renewed', () => {
  it.each([
    ['another password', 'socks5://bob:one@192.0.2.1:1080', 'socks5://bob:two@192.0.2.1:1080'],
    [
      'another user at an address of its own',
      'socks5://bob:one@192.0.2.1:1080',
      'socks5://eve:two@192.0.2.1:1080',
    ],
    [
      'another password at a gateway',
      'socks5://bob:one@gate.example:1080',
      'socks5://bob:two@gate.example:1080',
    ],
    [
      'another price',
      'socks5://bob:one@192.0.2.1:1080 price=3',
      'socks5://bob:one@192.0.2.1:1080 price=4 city=Rome',
    ],
  ])('by %s stays the exit that it was', async (_, before, after) => {
    const { scene, refreshed } = await renewedBy(before, after)
    expect(refreshed).toEqual([expect.objectContaining({ added: 0, removed: 0, renewed: 1, total: 1 })])
    const [view] = scene.crawler.proxies()
    expect(view).toMatchObject({ attempts: 5 })
    const response = await scene.until(scene.crawler.fetch('http://own.test/again'))
    expect(response.status).toBe(200)
    expect(scene.crawler.proxies()).toEqual([expect.objectContaining({ id: view!.id, attempts: 6 })])
    expect(JSON.stringify(scene.crawler.stats())).not.toMatch(/one|two/)
    await scene.end()
  })

  it.each([
    [
      'the user name chooses the exit of a gateway',
      'http://u-de:one@gate.example:80',
      'http://u-us:one@gate.example:80',
    ],
    [
      'the password does',
      'http://bob:word_country-de@gate.example:80',
      'http://bob:word_country-us@gate.example:80',
    ],
    ['it is another port', 'http://bob:one@192.0.2.1:80', 'http://bob:one@192.0.2.1:81'],
    [
      'it is not known which of two it is',
      'http://a:one@192.0.2.1:80\nhttp://b:one@192.0.2.1:80',
      'http://c:one@192.0.2.1:80\nhttp://d:one@192.0.2.1:80',
    ],
  ])('is another one where %s', async (_, before, after) => {
    const { scene, refreshed } = await renewedBy(before, after)
    expect(refreshed).toEqual([expect.objectContaining({ renewed: 0 })])
    expect(scene.crawler.proxies().every(({ attempts }) => attempts === 0)).toBe(true)
    await scene.end()
  })

  it('is another one where its password alone told it from one that stays', async () => {
    const stays = 'http://bob:exit2@gate.example:80'
    const { scene, refreshed } = await renewedBy(
      `http://bob:exit1@gate.example:80\n${stays}`,
      `http://bob:exit3@gate.example:80\n${stays}`,
    )
    expect(refreshed).toEqual([expect.objectContaining({ added: 1, removed: 1, renewed: 0, total: 2 })])
    await scene.end()
  })

  it('keeps its session, and is asked again at once where its old account was refused', async () => {
    const provider = changing('http://bob:old@192.0.2.1:80')
    let isRefused = false
    const scene = await openScene({ proxies: provider, politeness: false, trust: 'blind' }, () =>
      isRefused ? { afterMs: 5, fault: { phase: 'handshake', cause: 'proxy-auth' } } : good,
    )
    await scene.until(scene.crawler.fetch('http://own.test/', { session: 'mine' }))
    isRefused = true
    const page = scene.crawler.fetch('http://own.test/2')
    await scene.clock.advance(2_000)
    isRefused = false
    provider.text = 'http://bob:new@192.0.2.1:80'
    await scene.crawler.refresh()
    await scene.clock.advance(3_000)
    expect((await scene.until(page)).status).toBe(200)
    expect((await scene.until(scene.crawler.fetch('http://own.test/3'))).status).toBe(200)
    await scene.end()
  })
})
