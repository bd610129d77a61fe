import { describe, expect, test } from 'vitest'
import { headersFor } from '../../src/contracts/request.ts'
import { HostTable } from '../../src/options/host-table.ts'
import { type CrawlerOptions, essentialOptions, parseOptions } from '../../src/options/options.ts'

const tableOf = (options: CrawlerOptions) => new HostTable(parseOptions(options))

/** What holds for `http://host/`. */
const settingsOf = (host: string, options: CrawlerOptions) =>
  tableOf(options).settingsFor(host.includes('://') ? host : `http://${host}/`)

const several: CrawlerOptions = {
  politeness: { interval: 200 },
  hosts: {
    'a.example': { politeness: { interval: 10 } },
    'a.example:8443': { politeness: { interval: 20 } },
    '*.example': { politeness: { interval: 30, hostInterval: 5 }, strategy: 'random' },
    '*.b.example': { politeness: { interval: 40 }, headers: { 'x-who': 'b' } },
    'own.test': { politeness: false, hedge: false },
    'calm.test': { hedge: { max: 2 } },
  },
}

describe('the entries that fit', () => {
  test.each([
    ['elsewhere.org', 200],
    ['a.example', 10],
    ['a.example.', 10],
    ['a.example:8080', 10],
    ['a.example:8443', 20],
    ['c.example', 30],
    ['x.b.example', 40],
    ['x.b.example:81', 40],
    ['b.example', 30],
    ['example', 200],
    ['https://a.example/page', 10],
    ['http://user:word@a.example:8443/?x=1', 20],
  ])('of several the most specific is obeyed: %s waits %d ms', (host, interval) => {
    expect(settingsOf(host, several).interval).toBe(interval)
  })

  test('stack, so that a narrow entry keeps what a wider one says', () => {
    const settings = settingsOf('a.example:8443', several)
    expect(settings).toMatchObject({ interval: 20, hostInterval: 5, strategy: 'random' })
    expect(settingsOf('x.b.example', several)).toMatchObject({ hostInterval: 5, headers: { 'x-who': 'b' } })
  })

  test('stack part by part, but a filter of proxies is one thing', () => {
    const hosts: CrawlerOptions['hosts'] = {
      '*.example': {
        timeouts: { dial: 100, idle: 200 },
        breaker: { run: 9 },
        headers: { 'X-One': '1', 'x-two': '1' },
        proxies: { country: 'DE', class: 'residential' },
        hedge: false,
      },
      'a.example': {
        timeouts: { idle: 300 },
        breaker: { base: 50 },
        headers: { 'x-ONE': '2' },
        proxies: { country: 'FR' },
        hedge: { max: 2 },
      },
    }
    const settings = settingsOf('a.example', { hosts, timeouts: { total: 400 } })
    expect(settings.limits.timeouts).toMatchObject({ dial: 100, idle: 300, total: 400, tls: 5_000 })
    expect(settings.breaker).toEqual({ base: 50, cap: 1_800_000, run: 9 })
    expect(settings.headers).toMatchObject({ 'x-one': '2', 'x-two': '1' })
    expect(settings.proxies).toEqual({ country: 'FR' })
    expect(settings.hedge).toMatchObject({ max: 2, coldDelay: 1_000 })
    expect(settingsOf('b.example', { hosts })).toMatchObject({
      hedge: false,
      proxies: { class: 'residential' },
    })
  })

  test('are computed once for all hosts that the same ones speak of', () => {
    const table = tableOf(several)
    expect(table.settingsFor('http://x.b.example/')).toBe(table.settingsFor('https://y.b.example/page'))
    expect(table.settingsFor('http://other.test/')).toBe(table.plain)
  })
})

describe('an entry changes what it names and keeps the rest', () => {
  test.each<[string, NonNullable<CrawlerOptions['hosts']>[string], object]>([
    ['concurrency', { concurrency: 3 }, { hostConcurrency: { start: 3, min: 1, max: 3 } }],
    ['politeness', { politeness: { hostConcurrency: 9 } }, { hostConcurrency: { start: 4, min: 1, max: 9 } }],
    ['politeness', { politeness: { robots: false } }, { robots: false }],
    ['strategy', { strategy: { name: 'last', pick: () => 0 } }, { strategy: { name: 'last' } }],
    ['hedge', { hedge: { max: 2 } }, { hedge: { max: 2, minDelay: 100 } }],
    ['deadline', { deadline: 7 }, { deadlineMs: 7 }],
    ['budgets', { budgets: { target: 1 } }, { budgets: { target: 1, blocked: 5 } }],
    ['breaker', { breaker: { run: 1 } }, { breaker: { run: 1, base: 30_000 } }],
    ['posterior', { posterior: { cap: 9 } }, { posterior: { cap: 9, hostHalfLife: 600_000 } }],
    ['timeouts', { timeouts: { idle: 99 } }, { limits: { timeouts: { idle: 99, total: 30_000 } } }],
    ['maxBody', { maxBody: 2_048 }, { maxRedirects: 20, limits: { maxBody: 2_048 } }],
    ['maxRedirects', { maxRedirects: 0 }, { maxRedirects: 0 }],
    [
      'connections',
      { connections: { rotation: 'request' } },
      { limits: { connections: { rotation: 'request', idleMax: 15_000 } } },
    ],
    ['headers', { headers: { 'X-Key': 'k' } }, { headers: { 'x-key': 'k', 'user-agent': 'regatta/0.1' } }],
    ['userAgent', { userAgent: 'a/1' }, { headers: { 'user-agent': 'a/1' } }],
    ['robotsAgent', { robotsAgent: 'AcmeBot' }, { robotsAgent: 'AcmeBot' }],
    ['proxies', { proxies: { class: ['mobile'] } }, { proxies: { class: ['mobile'] } }],
  ])('%s', (_, entry, expected) => {
    const plain = tableOf({}).plain
    const settings = settingsOf('one.test', { hosts: { 'one.test': entry } })
    expect(settings).toMatchObject(expected)
    for (const [name, value] of Object.entries(plain)) {
      if (!(name in expected) && name !== 'elsewhere')
        expect(settings[name as 'interval'], name).toEqual(value)
    }
    expect(settingsOf('other.test', { hosts: { 'one.test': entry } })).toEqual(plain)
  })
})

describe('what is off for all and on for one host, and the other way round', () => {
  test('politeness turned off for one host lifts all its gates and no others', () => {
    const off = { interval: 0, hostInterval: 0, hostConcurrency: false, hedge: false, robots: false }
    expect(settingsOf('own.test', several)).toMatchObject(off)
    expect(settingsOf('other.test', several)).toMatchObject({ interval: 200, robots: true })
  })

  test('politeness turned on for one host takes the defaults for what its entry leaves out', () => {
    const bold: CrawlerOptions = {
      politeness: false,
      hosts: { 'shy.test': { politeness: { hostInterval: 1_000 } } },
    }
    expect(settingsOf('shy.test', bold)).toMatchObject({
      interval: 500,
      hostInterval: 1_000,
      hostConcurrency: { start: 4, max: 64 },
      robots: true,
    })
    expect(settingsOf('other.test', bold)).toMatchObject({ interval: 0, hostConcurrency: false })
  })

  test('a concurrency of the host holds without politeness too', () => {
    const bold: CrawlerOptions = { politeness: false, hosts: { 'shy.test': { concurrency: 2 } } }
    expect(settingsOf('shy.test', bold)).toMatchObject({
      interval: 0,
      hostConcurrency: { start: 2, min: 2, max: 2 },
    })
  })

  test('hedging turned on for one host takes the defaults too', () => {
    const calm: CrawlerOptions = { hedge: false, hosts: { 'slow.test': { hedge: { max: 2 } } } }
    expect(settingsOf('slow.test', calm).hedge).toEqual(parseOptions({ hedge: { max: 2 } }).hedge)
    expect(settingsOf('other.test', calm).hedge).toBe(false)
  })
})

describe('headers', () => {
  const options: CrawlerOptions = {
    userAgent: 'all/1',
    headers: { 'X-All': 'all', 'User-Agent': 'header/1', 'x-both': 'all' },
    hosts: { 'one.test': { userAgent: 'one/1', headers: { 'X-Both': 'one', 'x-key': 'k' } } },
  }

  test('the request’s go over the host’s, the host’s over the crawler’s, and those over the user agent', () => {
    expect(settingsOf('other.test', options).headers).toEqual({
      'user-agent': 'header/1',
      'x-all': 'all',
      'x-both': 'all',
    })
    const settings = settingsOf('one.test', options)
    expect(settings.headers).toEqual({
      'user-agent': 'one/1',
      'x-all': 'all',
      'x-both': 'one',
      'x-key': 'k',
    })
    expect(headersFor(settings, { 'x-key': 'own' }).headers).toMatchObject({
      'x-key': 'own',
      'x-both': 'one',
    })
  })

  test('say what another host is sent instead, but for those that are the request’s own', () => {
    const settings = settingsOf('one.test', options)
    const everywhere = { 'user-agent': 'header/1', 'x-both': 'all', 'x-key': undefined }
    expect(headersFor(settings, undefined).elsewhere).toEqual(everywhere)
    expect(headersFor(settings, { 'x-key': 'own' }).elsewhere).toEqual({
      'user-agent': 'header/1',
      'x-both': 'all',
    })
    expect(headersFor(settingsOf('other.test', options), {}).elsewhere).toBeUndefined()
  })
})

describe('what shares a pool', () => {
  const keys = (table: HostTable, ...hosts: string[]) => hosts.map((host) => table.keyOf(`http://${host}/`))

  test('a domain’s hosts, but for those with an entry of their own', () => {
    const table = tableOf({
      hostKey: 'domain',
      hosts: {
        'example.com': { politeness: { interval: 1 } },
        'api.example.com': { politeness: { hostInterval: 2 } },
        '*.cdn.example.com': { maxBody: 4_096 },
        '*.org': { politeness: { interval: 3 } },
      },
    })
    const [whole, www, api, one, two] = keys(
      table,
      'example.com',
      'www.example.com',
      'api.example.com',
      '1.cdn.example.com',
      '2.cdn.example.com',
    )
    expect(www).toBe(whole)
    expect(two).toBe(one)
    expect(new Set([whole, api, one]).size).toBe(3)
    expect(table.settingsOf(whole!).interval).toBe(1)
    expect(table.settingsOf(api!)).toMatchObject({ interval: 1, hostInterval: 2 })
    expect(table.settingsOf(one!)).toMatchObject({ interval: 1, limits: { maxBody: 4_096 } })
    expect(keys(table, 'a.wide.org', 'wide.org')).toEqual(['wide.org', 'wide.org'])
    expect(table.settingsOf('wide.org').interval).toBe(3)
  })

  test('what an own function puts together, with the settings of the host that is asked for', () => {
    const table = tableOf({
      hostKey: (url) => (url.pathname.startsWith('/shop') ? 'shop' : url.host),
      hosts: {
        shop: { politeness: { interval: 1 } },
        '*.test': { politeness: { hostInterval: 2 } },
        'b.test': { strategy: 'random' },
      },
    })
    const settings = (url: string) => table.settingsFor(url)
    expect(settings('http://a.org/shop')).toMatchObject({ interval: 1, hostInterval: 0 })
    expect(settings('http://a.test/shop')).toMatchObject({ interval: 1, hostInterval: 2 })
    expect(settings('http://b.test/shop')).toMatchObject({ interval: 1, hostInterval: 2, strategy: 'random' })
    expect(settings('http://b.test/')).toMatchObject({ interval: 500, strategy: 'random' })
    expect(table.keyOf('http://a.org/shop')).toBe('shop')
    expect(table.keyOf('http://c.org/shop')).toBe('shop')
  })
})

describe('a wrong entry fails before anything starts, and the error names the way to it', () => {
  test.each<[string, unknown, RegExp]>([
    ['an unknown option', { 'a.test': { speed: 3 } }, /"hosts\.a\.test\.speed": there is no such option/],
    [
      'a wrong value',
      { 'a.test': { timeouts: { dial: '5' } } },
      /"hosts\.a\.test\.timeouts\.dial": .*number/,
    ],
    [
      'a wrong value in a part that may be false',
      { 'a.test': { politeness: { interval: -1 } } },
      /"hosts\.a\.test\.politeness\.interval"/,
    ],
    [
      'what counts over all hosts',
      { 'a.test': { politeness: { proxyConcurrency: 3 } } },
      /"hosts\.a\.test\.politeness\.proxyConcurrency"/,
    ],
    [
      'a country that is none',
      { 'a.test': { proxies: { country: 'Germany' } } },
      /hosts\.a\.test\.proxies\.country/,
    ],
    [
      'a class that is none',
      { 'a.test': { proxies: { class: ['home'] } } },
      /hosts\.a\.test\.proxies\.class/,
    ],
    ['an empty list', { 'a.test': { proxies: { class: [] } } }, /hosts\.a\.test\.proxies\.class/],
    ['a header of two lines', { 'a.test': { headers: { x: 'a\r\nb: c' } } }, /hosts\.a\.test\.headers\.x/],
    ['a URL', { 'https://a.test/': {} }, /"hosts\.https:\/\/a\.test\/": expected a host/],
    ['a path', { 'a.test/x': {} }, /expected a host/],
    ['a star in the middle', { 'a.*.test': {} }, /expected a host/],
    ['capitals', { 'A.test': {} }, /expected the host as URLs have it: "a\.test"/],
    ['an umlaut', { '*.bücher.test': {} }, /URLs have it: "\*\.xn--bcher-kva\.test"/],
    ['a usual port', { 'a.test:443': {} }, /leave the port out/],
    ['a star with a port', { '*.a.test:8443': {} }, /leave the port out/],
  ])('%s', (_, hosts, message) => {
    const parse = () => parseOptions({ hosts: hosts as never })
    expect(parse).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
    expect(parse).toThrow(message)
  })

  test('without showing a header', () => {
    const hosts = { 'a.test': { headers: { authorization: 'word\r\n' } } }
    expect(() => parseOptions({ hosts })).toThrow(/hosts\.a\.test\.headers\.authorization(?!.*word)/s)
  })
})

test('the essential options are ten, and there are such options', () => {
  const known = Object.keys(
    parseOptions({ proxies: ['http://192.0.2.1:1'], deadline: 1, state: 'x', preset: 'dev' }),
  )
  expect(new Set(essentialOptions).size).toBe(10)
  expect(essentialOptions.filter((name) => !known.includes(name))).toEqual(['preset'])
})
