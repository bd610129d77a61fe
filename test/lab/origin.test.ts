import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Lab } from '../../src/lab/contract.ts'
import { startLab } from '../../src/lab/lab.ts'
import type { Scenario } from '../../src/lab/scenario.ts'
import { ask, get, getDirect, hear, socksClient, until } from './client.ts'

async function start(site: Scenario['origins'][string], proxies: Scenario['proxies'] = []): Promise<Lab> {
  const lab = await startLab({ origins: { site }, proxies })
  onTestFinished(() => lab.close())
  return lab
}

const two = [{ name: 'a' }, { name: 'b' }]

describe('an origin', () => {
  it('limits each address on its own', async () => {
    const lab = await start({ limit: { perIp: { requests: 1, perMs: 60_000, burst: 2 } } }, two)
    const statuses: number[] = []
    for (const name of ['a', 'a', 'a', 'b']) statuses.push((await get(lab, name, '/empty')).status)
    expect(statuses).toEqual([200, 200, 429, 200])
    const { exits } = (await lab.books()).origins.site!
    expect(exits[lab.proxy('a').exitIp]).toMatchObject({ requests: 3, limited: 1 })
    expect(exits[lab.proxy('b').exitIp]).toMatchObject({ requests: 1, limited: 0 })
  })

  it('limits everybody together', async () => {
    const lab = await start({ limit: { total: { requests: 1, perMs: 60_000 }, status: 503 } }, two)
    expect((await get(lab, 'a', '/empty')).status).toBe(200)
    expect((await get(lab, 'b', '/empty')).status).toBe(503)
  })

  it('lets in again when the wait is over', async () => {
    const lab = await start({ limit: { perIp: { requests: 1, perMs: 100 } } })
    expect((await getDirect(lab, '/empty')).status).toBe(200)
    expect((await getDirect(lab, '/empty')).status).toBe(429)
    await until(async () => (await getDirect(lab, '/empty')).status === 200)
  })

  it.each([
    ['seconds', (value: string) => value === '60'],
    ['date', (value: string) => Date.parse(value) - Date.now() > 55_000],
    ['none', (value: string | undefined) => value === undefined],
    ['garbage', (value: string) => Number.isNaN(Number(value)) && Number.isNaN(Date.parse(value))],
    ['negative', (value: string) => Number(value) < 0],
    ['past', (value: string) => Date.parse(value) < Date.now()],
    ['far', (value: string) => Number(value) > 3e8],
  ] as const)('says Retry-After as told: %s', async (retryAfter, isRight) => {
    const lab = await start({ limit: { perIp: { requests: 1, perMs: 60_000 }, retryAfter } })
    await getDirect(lab, '/empty')
    const { status, headers } = await getDirect(lab, '/empty')
    expect(status).toBe(429)
    expect(headers['retry-after']).toSatisfy(isRight)
  })

  it('bans an address after so many requests, and another not', async () => {
    const lab = await start({ ban: { afterRequests: 2 } }, two)
    const statuses: number[] = []
    for (const name of ['a', 'a', 'a', 'a', 'b']) statuses.push((await get(lab, name, '/empty')).status)
    expect(statuses).toEqual([200, 200, 403, 403, 200])
    expect((await lab.books()).origins.site!.exits[lab.proxy('a').exitIp]!.banned).toBe(true)
  })

  it('may ban without a word, and for a while only', async () => {
    const lab = await start({ ban: { afterRequests: 1, forMs: 100, answer: 'reset' } })
    await getDirect(lab, '/empty')
    await expect(getDirect(lab, '/empty')).rejects.toThrow()
    await until(() =>
      getDirect(lab, '/empty').then(
        () => true,
        () => false,
      ),
    )
  })

  it('soft-blocks a share of its pages with 200, always the same ones for an address', async () => {
    const site = { softBlock: { share: 0.3 }, site: { pages: 200 } }
    const lab = await start(site, two)
    const blocked = async (name: string) => {
      const client = socksClient(lab, name)
      const pages: number[] = []
      for (let i = 1; i < 100; i++) {
        const { status, text } = await ask(client, `/page/${i}`)
        expect(status).toBe(200)
        if (text.includes('CAPTCHA')) pages.push(i)
      }
      await client.destroy()
      return pages
    }
    const first = await blocked('a')
    expect(first.length).toBeGreaterThan(15)
    expect(first.length).toBeLessThan(45)
    expect(await blocked('a')).toEqual(first)
    expect(await blocked('b')).not.toEqual(first)
  })

  it('soft-blocks an address that comes too often', async () => {
    const lab = await start({ softBlock: { afterPerIp: 1, style: 'traffic' } })
    expect((await getDirect(lab, '/bytes/10')).bytes).toHaveLength(10)
    expect((await getDirect(lab, '/bytes/10')).text).toContain('unusual traffic')
  })

  it('challenges, and clears only the address that solved it', async () => {
    const lab = await start({ challenge: { status: 503 } }, two)
    const page = await get(lab, 'a', '/bytes/10')
    expect([page.status, page.headers['cf-mitigated']]).toEqual([503, 'challenge'])
    const link = /href="([^"]+)"/.exec(page.text)![1]!.replaceAll('&amp;', '&')
    const solved = await get(lab, 'a', link)
    expect([solved.status, solved.headers.location]).toEqual([302, '/bytes/10'])
    const cookie = String(solved.headers['set-cookie']).split(';')[0]!
    expect((await get(lab, 'a', '/bytes/10', { headers: { cookie } })).status).toBe(200)
    expect((await get(lab, 'b', '/bytes/10', { headers: { cookie } })).status).toBe(503)
  })

  it('is ill in its windows only', async () => {
    const lab = await start({ windows: [{ fromMs: 0, toMs: 150, status: 502 }] })
    expect((await getDirect(lab, '/empty')).status).toBe(502)
    await until(async () => (await getDirect(lab, '/empty')).status === 200)
    expect((await lab.books()).origins.site!.rows.at(-1)!.at).toBeGreaterThanOrEqual(150)
  })

  it('never answers whom it holds in its tarpit', async () => {
    const lab = await start({ tarpit: { afterPerIp: 0 } })
    await expect(getDirect(lab, '/empty', { timeoutMs: 100 })).rejects.toThrow()
    expect((await lab.books()).origins.site!.rows[0]).toMatchObject({ status: 0, path: '/empty' })
  })

  it('binds a crumb to address and session, and lets it expire', async () => {
    const lab = await start({ crumb: { ttlMs: 400 } }, two)
    const given = await get(lab, 'a', '/crumb')
    const cookie = String(given.headers['set-cookie']).split(';')[0]!
    const quote = (name: string, headers: Record<string, string>) =>
      get(lab, name, `/quote?crumb=${given.text}`, { headers })
    expect((await quote('a', { cookie })).status).toBe(200)
    expect(JSON.parse((await quote('b', { cookie })).text).reason).toBe('address')
    expect(JSON.parse((await quote('a', {})).text).reason).toBe('session')
    await until(async () => (await quote('a', { cookie })).status === 401)
    expect(JSON.parse((await quote('a', { cookie })).text).reason).toBe('expired')
    const row = (await lab.books()).origins.site!.rows.at(-1)!
    expect(row).toMatchObject({ crumb: given.text, session: cookie.split('=')[1] })
  })

  it('sends strangers to its login page', async () => {
    const lab = await start({ login: { prefix: '/bytes', kind: 'consent' } })
    const turned = await getDirect(lab, '/bytes/10')
    expect([turned.status, turned.headers.location]).toEqual([302, '/consent?next=%2Fbytes%2F10'])
    const accepted = await getDirect(lab, '/consent?accept=1&next=/bytes/10')
    expect([accepted.headers.location, accepted.headers['set-cookie']]).toEqual([
      '/bytes/10',
      'consent=yes; Path=/',
    ])
    expect((await getDirect(lab, '/bytes/10', { headers: { cookie: 'consent=yes' } })).status).toBe(200)
  })

  it('takes its time to think', async () => {
    const lab = await start({ latency: { kind: 'uniform', lowMs: 80, highMs: 90 } })
    const start_ = performance.now()
    await getDirect(lab, '/empty')
    expect(performance.now() - start_).toBeGreaterThanOrEqual(78)
  })

  it('closes a connection after so many requests', async () => {
    const lab = await start({ keepAlive: { requests: 2 } })
    const { port } = lab.origins.site!
    const ask_ = 'GET /empty HTTP/1.1\r\n\r\n'
    const heard = String(await hear('127.0.0.1', port, ask_.repeat(3)))
    expect(heard.match(/HTTP\/1\.1 200/g)).toHaveLength(2)
    expect(heard.match(/connection: close/g)).toHaveLength(1)
  })

  it('echoes what it was sent', async () => {
    const lab = await start({})
    const heard = await hear(
      '127.0.0.1',
      lab.origins.site!.port,
      'POST /echo?a=1 HTTP/1.1\r\nX-One: 1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
    )
    const echoed = JSON.parse(String(heard).split('\r\n\r\n')[1]!)
    expect(echoed).toMatchObject({ method: 'POST', query: 'a=1', body: 'abcde', headers: { 'x-one': '1' } })
  })

  it('answers a HEAD without a body', async () => {
    const lab = await start({})
    const seen = await getDirect(lab, '/bytes/500', { method: 'HEAD' })
    expect([seen.headers['content-length'], seen.bytes.length]).toEqual(['500', 0])
  })

  it.each(['short', 'reset', 'chunk', 'unterminated', 'garbage', 'empty'])(
    'breaks a body: /broken/%s',
    async (kind) => {
      const lab = await start({})
      await expect(getDirect(lab, `/broken/${kind}`)).rejects.toThrow()
    },
  )

  it('has redirects, codings, chunks and bombs', async () => {
    const lab = await start({})
    expect((await getDirect(lab, '/redirect/2')).headers.location).toBe('/redirect/1')
    expect((await getDirect(lab, '/chunked/10000')).bytes).toHaveLength(10_000)
    expect((await getDirect(lab, '/unbounded/1000')).bytes).toHaveLength(1_000)
    const fetched = await Promise.all(
      ['gzip', 'br', 'deflate', 'zstd'].map(
        async (coding) =>
          (await (await fetch(`${lab.origins.site!.direct}/encoded/${coding}/3000`)).bytes()).length,
      ),
    )
    expect(fetched).toEqual([3_000, 3_000, 3_000, 3_000])
    const bomb = await getDirect(lab, '/bomb')
    expect(bomb.headers['content-encoding']).toBe('gzip')
    expect(bomb.bytes.length).toBeLessThan(100_000)
  })

  it('writes down how many were under way, per address and together', async () => {
    const lab = await start({ latency: 100 }, two)
    await Promise.all(['a', 'a', 'b'].map((name) => get(lab, name, '/bytes/64')))
    const book = (await lab.books()).origins.site!
    expect(book.peakInFlight).toBe(3)
    expect(book.exits[lab.proxy('a').exitIp]!.peakInFlight).toBe(2)
    expect(book.rows.map((row) => row.inFlight).sort()).toEqual([1, 2, 3])
    for (const row of book.rows) {
      expect(row).toMatchObject({ status: 200, bytes: 64, method: 'GET', path: '/bytes/64' })
      expect(row.until - row.at).toBeGreaterThanOrEqual(98)
    }
  })

  it('keeps the latest rows only, and all totals', async () => {
    const lab = await startLab({ origins: { site: {} }, bookRows: 3 })
    onTestFinished(() => lab.close())
    for (let i = 0; i < 5; i++) await getDirect(lab, `/bytes/${i}`)
    const book = (await lab.books()).origins.site!
    expect(book.rows.map((row) => row.path)).toEqual(['/bytes/2', '/bytes/3', '/bytes/4'])
    expect([book.dropped, book.requests, book.bytes]).toEqual([2, 5, 10])
  })

  it('notices a visitor who leaves before the answer', async () => {
    const lab = await start({})
    const socket = connect(lab.origins.site!.port, '127.0.0.1', () =>
      socket.write('GET /hang HTTP/1.1\r\n\r\n'),
    )
    await until(async () => (await lab.books()).origins.site!.requests === 1)
    socket.destroy()
    await until(async () => (await lab.books()).origins.site!.rows[0]!.until >= 0)
  })
})
