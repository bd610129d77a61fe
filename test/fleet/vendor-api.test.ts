import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import type { ProxyProvider } from '../../src/contracts/provider.ts'
import { createFleet } from '../../src/fleet/fleet.ts'
import { proxyUrl } from '../../src/fleet/label.ts'
import { jsonProvider } from '../../src/fleet/mapped-json.ts'
import { providerFor } from '../../src/fleet/provider-for.ts'
import { webshareProvider } from '../../src/fleet/webshare.ts'
import { Witness } from './listener.ts'
import { accounts, hasty, json, openVendor, type Vendor, webshare } from './vendor.ts'

const never = new AbortController().signal
const key = 'k3y-of-ours'
const net = { clock: hasty, fetch }

const failures: readonly [name: string, answer: Vendor['answer'], told: RegExp][] = [
  ['401', (_, response) => response.writeHead(401).end('no'), /refuses the key or password \(status 401\)/],
  ['403', (_, response) => response.writeHead(403).end('no'), /refuses the key or password \(status 403\)/],
  [
    '429 that wants two minutes',
    (_, response) => response.writeHead(429, { 'retry-after': '120' }).end(),
    /status 429, and wants to be left alone for 2\.?0? ?min.*asked again in/,
  ],
  ['500', (_, response) => response.writeHead(500).end('oops'), /status 500/],
  ['503', (_, response) => response.writeHead(503).end(), /status 503/],
  ['404', (_, response) => response.writeHead(404).end(), /status 404/],
  ['an answer without a body', (_, response) => response.end(), /cannot be read/],
  [
    'JSON that breaks off',
    (_, response) => response.end('{"count":2,"results":[{"proxy_addr'),
    /JSON|page of the/,
  ],
  [
    'a body that is shorter than it says',
    (_, response) => {
      response.writeHead(200, { 'content-length': '5000' }).write('{"count":2,')
      response.destroy()
    },
    /the connection failed/,
  ],
  [
    'a web page',
    (_, response) => response.end('<!doctype html><title>login</title>'),
    /web page|page of the/,
  ],
  ['another kind of JSON', json({ error: 'quota' }), /cannot be read/],
  [
    'a redirect to another origin',
    (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
    /redirects to http:\/\/127\.0\.0\.1:9/,
  ],
  ['a hang-up', (_, response) => response.destroy(), /the connection failed/],
]

const vendors: readonly [name: string, provider: (url: string) => ProxyProvider][] = [
  ['webshare', (url) => webshareProvider({ ...net, apiKey: key, baseUrl: url })],
  [
    'a JSON API',
    (url) =>
      jsonProvider(`${url}/list?token=${key}`, { ...net, headers: { 'x-api-key': key }, items: 'results' }),
  ],
]

/** Everything that a listener is told and that is thrown, as a log would have it. */
function textOf(...things: unknown[]): string {
  return things
    .map((each) =>
      each instanceof Error
        ? `${each.stack} ${JSON.stringify(each)} ${textOf(each.cause)}`
        : JSON.stringify(each),
    )
    .join('\n')
}

describe.each(vendors)('%s', (_, providerOf) => {
  test.each(failures)(
    'that fails at a refresh (%s) keeps its proxies, and is told without its key',
    async (_, answer, told) => {
      await using vendor = await openVendor(webshare(accounts(4)))
      const witness = new Witness()
      const fleet = createFleet({
        providers: [providerOf(vendor.url)],
        clock: systemClock,
        listener: witness,
      })
      await fleet.start()
      vendor.answer = answer
      await fleet.refresh()
      expect(witness.present.size).toBe(4)
      expect(witness.alerts).toEqual([expect.stringMatching(told)])
      expect(witness.alerts[0]).toContain('the 4 proxies that are known stay in use')
      vendor.answer = webshare(accounts(5))
      await fleet.refresh()
      expect(witness.present.size).toBe(5)
      fleet.stop()
      expect(textOf(witness.alerts, witness.log, [...witness.present.values()])).not.toContain(key)
    },
  )

  test.each(failures)('that fails at the start (%s) is an error without its key', async (_, answer) => {
    await using vendor = await openVendor(answer)
    const error = await providerOf(vendor.url)
      .load(never)
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'PROXY_LIST_UNREADABLE',
      message: expect.stringContaining(vendor.url),
    })
    expect(textOf(error)).not.toContain(key)
  })

  test('that is busy for a moment is asked again, and nobody hears of it', async () => {
    const good = webshare(accounts(3))
    let times = 0
    await using vendor = await openVendor((request, response) => {
      if (times++ === 0) return response.writeHead(429, { 'retry-after': '1' }).end()
      if (times === 2) return response.writeHead(503).end()
      good(request, response)
    })
    expect((await providerOf(vendor.url).load(never)).proxies).toHaveLength(3)
    expect(times).toBe(3)
  })

  test('that lists nothing, or half of what it had, does not empty the fleet', async () => {
    await using vendor = await openVendor(webshare(accounts(10)))
    const witness = new Witness()
    const fleet = createFleet({ providers: [providerOf(vendor.url)], clock: systemClock, listener: witness })
    await fleet.start()
    vendor.answer = webshare([])
    await fleet.refresh()
    vendor.answer = webshare(accounts(5))
    await fleet.refresh()
    await fleet.refresh()
    expect(witness.present.size).toBe(10)
    expect(witness.alerts.map((alert) => alert.split(':')[0])).toEqual(Array(3).fill('LIST_NOT_BELIEVED'))
    // The third time in a row it is meant.
    await fleet.refresh()
    expect(witness.present.size).toBe(5)
    fleet.stop()
  })

  test('that slips in inside addresses is taken without them', async () => {
    const inside = [
      '127.0.0.1',
      '10.1.2.3',
      '192.168.1.1',
      '169.254.169.254',
      '::1',
      'fe80::1',
      '100.64.0.1',
      'localhost',
    ]
    const listed = [...accounts(2), ...inside.map((address) => ({ address }))]
    await using vendor = await openVendor(webshare(listed))
    const { proxies, rejected } = await providerOf(vendor.url).load(never)
    expect(proxies.map(({ endpoint }) => endpoint.host)).toEqual(['8.8.0.1', '8.8.0.2'])
    expect(rejected).toHaveLength(inside.length)
    expect(rejected[3]).toMatch(/^(?:proxy|entry) 6: the address is not a public one/)
  })

  test('that writes UTF-16, or a byte order mark, is read', async () => {
    for (const encoding of ['utf8', 'utf16le'] as const) {
      const text = JSON.stringify({
        count: 1,
        results: [{ username: 'u', password: 'p', proxy_address: '8.8.8.8', port: 80 }],
      })
      await using vendor = await openVendor((_, response) =>
        response.end(Buffer.from(`\uFEFF${text}`, encoding)),
      )
      expect((await providerOf(vendor.url).load(never)).proxies).toHaveLength(1)
    }
  })
})

test('a server that wants to be left alone is, by itself; somebody who asks for a refresh gets one', async () => {
  await using vendor = await openVendor(webshare(accounts(4)))
  const witness = new Witness()
  const clock = { ...hasty, after: () => () => {} }
  const provider = webshareProvider({ ...net, apiKey: key, baseUrl: vendor.url })
  const fleet = createFleet({ providers: [provider], clock, listener: witness })
  await fleet.start()
  vendor.answer = (_, response) => response.writeHead(429, { 'retry-after': '3600' }).end()
  await fleet.refresh()
  const asked = vendor.asked.length
  await fleet.refresh()
  expect(vendor.asked.length).toBe(asked + 1)
  fleet.stop()
})

describe('pages of a JSON API', () => {
  const nodes = Array.from({ length: 7 }, (_, n) => ({
    node: { ip: `8.8.4.${n + 1}` },
    p: 3128,
    kind: 'SOCKS5',
    cc: 'de',
  }))
  const map = { host: 'node.ip', port: 'p', protocol: 'kind', country: 'cc' }
  const load = async (vendor: Vendor, options: Parameters<typeof jsonProvider>[1]) => {
    const list = await jsonProvider(`${vendor.url}/v1`, { ...net, ...options }).load(never)
    return list.proxies.map(proxyUrl)
  }

  test.each([
    [
      'page',
      { parameter: 'p', size: 3, sizeParameter: 'limit' },
      ['?p=1&limit=3', '?p=2&limit=3', '?p=3&limit=3'],
    ],
    [
      'offset',
      { by: 'offset', parameter: 'skip', size: 3 },
      ['?skip=0&page_size=3', '?skip=3&page_size=3', '?skip=6&page_size=3'],
    ],
  ] as const)('are counted by %s until one is not full', async (by, pages, queries) => {
    await using vendor = await openVendor((request, response) => {
      const query = new URL(request.url!, 'http://localhost').searchParams
      const from = by === 'page' ? (Number(query.get('p')) - 1) * 3 : Number(query.get('skip'))
      json({ data: { list: nodes.slice(from, from + 3) } })(request, response)
    })
    const urls = await load(vendor, { items: 'data.list', map, pages })
    expect(urls).toHaveLength(7)
    expect(urls[0]).toBe('socks5://8.8.4.1:3128')
    expect(vendor.asked).toEqual(queries.map((query) => `/v1${query}`))
  })

  test('are followed where the answer names them, and not to another origin', async () => {
    await using vendor = await openVendor((request, response) => {
      const at = Number(new URL(request.url!, 'http://localhost').searchParams.get('cursor') ?? 0)
      const next = at + 4 < nodes.length ? at + 4 : null
      json({ items: nodes.slice(at, at + 4), meta: { next } })(request, response)
    })
    expect(await load(vendor, { map, pages: { next: 'meta.next', parameter: 'cursor' } })).toHaveLength(7)
    vendor.answer = json({ items: nodes, meta: { next: 'http://127.0.0.1:9/v1?page=2' } })
    await expect(load(vendor, { map, pages: { next: 'meta.next' } })).rejects.toThrow(
      'lies at another origin',
    )
  })

  test('end where a server answers each time with the same one', async () => {
    await using vendor = await openVendor(json(nodes))
    expect(await load(vendor, { map, pages: {} })).toHaveLength(7)
    expect(vendor.asked).toHaveLength(2)
  })

  test('that cannot be had make no list: half of it would pass for the whole', async () => {
    await using vendor = await openVendor((request, response) => {
      if (request.url!.includes('page=2')) return response.writeHead(500).end()
      json(nodes)(request, response)
    })
    await expect(load(vendor, { map, pages: {} })).rejects.toThrow('status 500')
  })

  test('name what a mapping does not find, entry by entry', async () => {
    await using vendor = await openVendor(json([nodes[0], { ip: '8.8.8.8' }]))
    const list = await jsonProvider(vendor.url, { ...net, map }).load(never)
    expect(list.proxies).toHaveLength(1)
    expect(list.rejected).toEqual(['entry 2: nothing stands at "node.ip"'])
  })
})

describe('a place with what is to be said of it', () => {
  test('sends the key of a variable, gives its tags, and may be allowed to name inside addresses', async () => {
    await using vendor = await openVendor((request, response) => {
      if (request.headers['x-key'] !== key || !request.url!.includes(key))
        return response.writeHead(401).end()
      response.end('8.8.8.8:80\n127.0.0.1:3128 country=FR\n')
    })
    const place = {
      from: `${vendor.url}/list?k=\${ACME_KEY}`,
      headers: { 'X-Key': `\${ACME_KEY}` },
      tags: { provider: 'acme', asn: 'AS64500', price: 2 },
      scheme: 'socks5h',
      allowPrivate: true,
    } as const
    const [provider] = providerFor(place, { ...net, env: { ACME_KEY: key } })
    const { proxies } = await provider!.load(never)
    expect(proxies.map(proxyUrl)).toEqual(['socks5h://8.8.8.8:80', 'socks5h://127.0.0.1:3128'])
    expect(proxies.map(({ endpoint }) => endpoint.tags)).toEqual([
      { provider: 'acme', asn: 64500, price: 2 },
      { provider: 'acme', asn: 64500, price: 2, country: 'FR' },
    ])
    expect(provider!.name).toBe(vendor.url)
    expect(() => providerFor(place, net)).toThrow(
      expect.objectContaining({
        code: 'MISSING_API_KEY',
        message: expect.stringContaining('ACME_KEY'),
        value: { variable: 'ACME_KEY' },
      }),
    )
  })

  test.each([
    ['webshare:elsewhere', 'webshare:backbone'],
    ['dns:', 'dns:proxies.example'],
    ['json:proxies.json', 'json:https://'],
    ['free:nobody', 'free:monosans'],
  ])('%s is refused with what there is', (text, hint) => {
    expect(() => providerFor(text, { ...net, env: { WEBSHARE_API_KEY: key } })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(hint) }),
    )
  })

  test('free: is every public list there is, of which little is expected; free:NAME is one', async () => {
    const asked: string[] = []
    const fetchStub = async (url: string) => {
      asked.push(url)
      return new Response('8.8.8.8:80')
    }
    const all = providerFor('free:', { ...net, fetch: fetchStub })
    expect(all.length).toBeGreaterThan(3)
    const [one] = providerFor('free:thespeedx-socks5', { ...net, fetch: fetchStub })
    const [proxy] = (await one!.load(never)).proxies
    expect(proxy!.endpoint).toMatchObject({ protocol: 'socks5h', tags: { class: 'free' } })
    expect(one).toMatchObject({ name: 'free:thespeedx-socks5', trusted: false })
    expect(asked).toHaveLength(1)
  })
})
