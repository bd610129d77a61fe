import { expect, it } from 'vitest'
import { createCrawler } from '../../src/face/crawler.ts'
import { startLab } from '../../src/lab/lab.ts'

/** Who resolves the names of targets: SOCKS proxies, unless the user wants it done here. */

it.each(['socks5', 'socks4'] as const)(
  'a %s proxy is told an address where remoteDns is off, and nothing is asked where a name has none here',
  async (protocol) => {
    await using lab = await startLab({
      origins: { shop: {} },
      proxies: [{ name: 'exit', protocol: protocol === 'socks4' ? 'socks4a' : protocol }],
    })
    const { port } = lab.origins.shop!
    await using crawler = await createCrawler({
      proxies: [...lab.proxies],
      remoteDns: false,
      allowPrivateTargets: true,
      politeness: false,
    })
    const response = await crawler.fetch(`http://localhost:${port}/bytes/10`)
    expect((await response.text()).length).toBe(10)
    expect(Object.keys((await lab.books()).proxies.exit!.targets)).toEqual([`127.0.0.1:${port}`])
    const lost = crawler.fetch('http://shop.lab/', { deadline: 1_000 })
    await expect(lost).rejects.toMatchObject({ name: 'RegattaError' })
    expect(Object.keys((await lab.books()).proxies.exit!.targets)).toEqual([`127.0.0.1:${port}`])
  },
)
