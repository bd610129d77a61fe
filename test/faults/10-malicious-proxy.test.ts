import { describe, expect, it } from 'vitest'
import { impatient, openLabScene } from './lab-scene.ts'

const site = { site: { pages: 60, linksPerPage: 6, pageBytes: 2_000 } }
const attacks = [
  { name: 'ads behind each page', fault: { kind: 'inject', style: 'ads' } },
  { name: 'another page in its place', fault: { kind: 'inject', style: 'replace' } },
  { name: 'a captive portal', fault: { kind: 'inject', style: 'portal' } },
  { name: 'its own shop', fault: { kind: 'inject', style: 'top-up' } },
  { name: 'what it fetched before', fault: 'swap', tls: true },
  {
    name: 'CONNECT answered by 403 with a page and a cookie',
    fault: 'fake-connect',
    protocol: 'http',
    tls: true,
  },
  { name: 'a forged certificate', fault: 'mitm', tls: true },
  { name: 'bytes of its own before the target’s', fault: 'chatty-connect', protocol: 'http', tls: true },
] as const

describe.each(attacks)('fault 10: a malicious proxy sends $name', (attack) => {
  it('nothing of it is accepted, and the proxy is left alone', async () => {
    const { fault } = attack
    const protocol = 'protocol' in attack ? attack.protocol : 'socks5'
    const tls = 'tls' in attack
    await using scene = await openLabScene(
      {
        origins: { site: { ...site, tls } },
        proxies: [
          { name: 'honest', count: 4, latency: 5 },
          { name: 'evil', protocol, fault: fault as never },
        ],
      },
      { timeouts: impatient, hedge: false, breaker: { base: 600_000 } },
    )
    const { lab, crawler, log } = scene
    const origin = lab.origins.site!.url
    const evil = crawler.proxies().find(({ id }) => id.includes(lab.proxy('evil').exitIp))!.id

    // First what is normal here, then the whole site again and again, so that the evil one gets its turns.
    const bodies = new Map<string, Set<string>>()
    for (let round = 0; round < 6; round++) {
      const answers = await Promise.all(
        Array.from({ length: 59 }, async (_, index) => {
          const response = await crawler.fetch(`${origin}/page/${index + 1}?round=${round}`)
          return { page: index + 1, text: await response.text(), cookie: response.headers.get('set-cookie') }
        }),
      )
      for (const { page, text, cookie } of answers) {
        expect(text).toContain(`<title>Page ${page}: `)
        expect(cookie).toBeNull()
        const known = bodies.get(String(page)) ?? new Set()
        bodies.set(String(page), known.add(text))
      }
    }
    // The honest ones all brought the same bytes; a single injected body would make two.
    for (const [page, texts] of bodies) expect(texts.size, `versions of page ${page}`).toBe(1)

    const ofEvil = log.outcomes.filter(({ proxy }) => proxy === evil)
    expect(ofEvil.length).toBeGreaterThan(0)
    // A swapping proxy has nothing to swap within TLS; of all others not one answer may win.
    if (fault !== 'swap') {
      const taken = new Set(log.settled.map(({ task, answeredBy }) => `${task}/${answeredBy}`))
      expect(ofEvil.filter(({ task, attempt }) => taken.has(`${task}/${attempt}`))).toEqual([])
      expect(ofEvil.filter(({ verdict }) => verdict !== 'neutral').length).toBeLessThan(60)
    }
    await scene.end()
  })
})
