import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, test, vi } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import type { ProxyProvider } from '../../src/contracts/provider.ts'
import type { ProxyFilter } from '../../src/contracts/proxy-filter.ts'
import { arrayProvider } from '../../src/fleet/array.ts'
import { dnsProvider } from '../../src/fleet/dns.ts'
import { environmentProvider } from '../../src/fleet/environment.ts'
import { fileProvider } from '../../src/fleet/file.ts'
import { filteredProvider } from '../../src/fleet/filter.ts'
import { createFleet } from '../../src/fleet/fleet.ts'
import { proxyUrl } from '../../src/fleet/label.ts'
import { providerFor } from '../../src/fleet/provider-for.ts'
import { stdinProvider } from '../../src/fleet/stdin.ts'
import { urlProvider } from '../../src/fleet/url.ts'
import { webshareProvider } from '../../src/fleet/webshare.ts'
import { describeProvider } from '../contracts/provider.ts'
import { Witness } from './listener.ts'
import { serve } from './origin.ts'

const never = new AbortController().signal
const nothing = { async [Symbol.asyncDispose]() {} }
const net = { clock: systemClock, fetch }

async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'regatta-fleet-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

const urls = async (provider: ProxyProvider) => (await provider.load(never)).proxies.map(proxyUrl)

describeProvider('array', async (entries) => ({ provider: arrayProvider(entries), ...nothing }))

describeProvider('environment', async (entries) => ({
  provider: environmentProvider({ PROXY_URL: entries[0], PROXY_POOL: entries.slice(1).join(',') })!,
  ...nothing,
}))

describeProvider('stdin', async (entries) => ({
  provider: stdinProvider(Readable.from([Buffer.from(entries.join('\n'))])),
  ...nothing,
}))

describeProvider('file', async (entries) => {
  const folder = await temporaryFolder()
  const path = join(folder.path, 'proxies.txt')
  await writeFile(path, entries.join('\n'))
  return {
    provider: fileProvider(path, { clock: systemClock, settleMs: 20 }),
    async replace(next) {
      await writeFile(`${path}.new`, next.join('\n'))
      await rename(`${path}.new`, path) // as editors do it
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
})

describeProvider('text from a URL', async (entries) => {
  const origin = await serve((_, response) => response.end(entries.join('\r\n')))
  return {
    provider: urlProvider(`${origin.url}/list.txt`, net),
    [Symbol.asyncDispose]: () => origin[Symbol.asyncDispose](),
  }
})

describeProvider('JSON from a URL', async (entries) => {
  const objects = entries.map((entry) => {
    const { hostname, port, username, password } = new URL(entry)
    return { ip: hostname, port: Number(port), protocol: 'HTTP', username, password, country: 'de' }
  })
  const origin = await serve((_, response) => response.end(JSON.stringify({ data: objects })))
  return {
    provider: urlProvider(`${origin.url}/api`, net),
    [Symbol.asyncDispose]: () => origin[Symbol.asyncDispose](),
  }
})

describeProvider('webshare', async (entries) => {
  const origin = await serveWebshare(entries.map(webshareEntry))
  return {
    provider: webshareProvider({ ...net, apiKey: 'key', baseUrl: origin.url }),
    [Symbol.asyncDispose]: () => origin[Symbol.asyncDispose](),
  }
})

describeProvider('DNS', async (entries) => ({
  provider: dnsProvider('proxies.example', {
    resolveTxt: async () => entries.map((entry) => [entry.slice(0, 9), entry.slice(9)]),
  }),
  ...nothing,
}))

describeProvider('filter', async (entries) => ({
  provider: filteredProvider(arrayProvider(entries), { protocol: ['http'] }),
  ...nothing,
}))

function webshareEntry(entry: string) {
  const { hostname, port, username, password } = new URL(entry)
  return {
    id: 'd-1',
    username,
    password,
    proxy_address: hostname,
    port: Number(port),
    valid: true,
    country_code: 'US',
  }
}

function serveWebshare(results: readonly object[], asked: string[] = []) {
  return serve((request, response) => {
    const url = new URL(request.url!, 'http://localhost')
    asked.push(url.search)
    if (request.headers.authorization !== 'Token key') return response.writeHead(401).end('{}')
    const page = Number(url.searchParams.get('page'))
    const size = Number(url.searchParams.get('page_size'))
    const next = `http://evil.example/?page=${page + 1}`
    response.end(
      JSON.stringify({
        count: results.length,
        next,
        previous: null,
        results: results.slice((page - 1) * size, page * size),
      }),
    )
  })
}

test('Webshare pages are counted by ourselves, and `next` is never followed', async () => {
  const asked: string[] = []
  const results = Array.from({ length: 230 }, (_, i) => webshareEntry(`http://u:p@8.8.${i}.1:1000`))
  await using origin = await serveWebshare([...results, { ...results[0], valid: false }], asked)
  const list = await webshareProvider({ ...net, apiKey: 'key', baseUrl: origin.url }).load(never)
  expect(list.proxies).toHaveLength(230)
  expect(list.proxies[0]?.endpoint).toMatchObject({
    protocol: 'socks5h',
    host: '8.8.0.1',
    tags: { country: 'US' },
  })
  expect(list.rejected).toEqual(['proxy 231: Webshare marks it as not working'])
  expect(asked.map((search) => new URLSearchParams(search).get('page'))).toEqual(['1', '2', '3'])
})

test('a missing Webshare key is an error that names the variable', () => {
  expect(() => providerFor('webshare:', { ...net, env: { WEBSHARE_API_KEY: ' ' } })).toThrow(
    expect.objectContaining({
      code: 'MISSING_API_KEY',
      message: expect.stringContaining('WEBSHARE_API_KEY'),
    }),
  )
})

test('a wrong Webshare key is named as such, and not shown', async () => {
  await using origin = await serveWebshare([])
  const load = webshareProvider({ ...net, apiKey: 's3cret', baseUrl: origin.url }).load(never)
  await expect(load).rejects.toMatchObject({
    code: 'PROXY_LIST_UNREADABLE',
    message: expect.stringMatching(/^(?!.*s3cret).*WEBSHARE_API_KEY/),
  })
})

test.each([
  ['no/such/file.txt', 'ENOENT'],
  ['.', 'EISDIR'],
])('the unreadable file %s is named with the reason', async (path, errno) => {
  await expect(fileProvider(path, { clock: systemClock }).load(never)).rejects.toMatchObject({
    code: 'PROXY_LIST_UNREADABLE',
    message: expect.stringMatching(new RegExp(`"${path}".*${errno}`)),
    value: { list: path, errno },
  })
})

test('a file in UTF-16, as PowerShell writes it, is read', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'proxies.txt')
  await writeFile(path, Buffer.from('\uFEFF192.0.2.1:80\r\n192.0.2.2:80\r\n', 'utf16le'))
  expect(await urls(fileProvider(path, { clock: systemClock }))).toHaveLength(2)
})

test('a file behind a symbolic link is watched where it lies', async () => {
  await using folder = await temporaryFolder()
  await using other = await temporaryFolder()
  const [path, target] = [join(folder.path, 'link.txt'), join(other.path, 'proxies.txt')]
  await writeFile(target, '192.0.2.1:80')
  await symlink(target, path)
  const provider = fileProvider(path, { clock: systemClock, settleMs: 20 })
  await provider.load(never)
  const changed = vi.fn()
  const stop = provider.watch!(changed)
  await writeFile(target, '192.0.2.1:80\n192.0.2.2:80')
  await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(1), { timeout: 10_000 })
  await writeFile(target, '192.0.2.3:80')
  await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(2), { timeout: 10_000 })
  stop()
})

test('a list is read through redirects within its origin only', async () => {
  let asked = 0
  await using other = await serve((_, response) => {
    asked++
    response.end('8.8.8.8:80')
  })
  await using origin = await serve((request, response) => {
    if (request.url === '/moved') return response.writeHead(302, { location: '/list' }).end()
    if (request.url === '/away') return response.writeHead(302, { location: `${other.url}/list` }).end()
    if (request.url === '/loop') return response.writeHead(302, { location: '/loop' }).end()
    response.end('8.8.8.8:80')
  })
  expect(await urls(urlProvider(`${origin.url}/moved`, net))).toEqual(['http://8.8.8.8:80'])
  await expect(urlProvider(`${origin.url}/away`, net).load(never)).rejects.toThrow(
    `redirects to ${other.url}`,
  )
  await expect(urlProvider(`${origin.url}/loop`, net).load(never)).rejects.toThrow('more than 5 times')
  expect(asked).toBe(0)
})

test('a list that cannot be fetched is an error that shows the origin, and neither path nor password', async () => {
  await using origin = await serve((request, response) => {
    if (request.url?.startsWith('/hang')) return
    if (request.url?.startsWith('/big')) return response.end('8.8.8.8:80\n'.repeat(1_000))
    response.writeHead(503).end()
  })
  const address = (path: string) =>
    `${origin.url.replace('http://', 'http://user:s3cret@')}${path}?token=s3cret`
  const failure = async (path: string) =>
    urlProvider(address(path), { ...net, timeoutMs: 100, maxBytes: 1_000 })
      .load(never)
      .then(
        () => 'it was read',
        (error: Error) => error.message,
      )
  expect(await failure('/')).toBe(
    `The proxy list at ${origin.url} cannot be read: it answers with status 503.`,
  )
  expect(await failure('/hang')).toBe(
    `The proxy list at ${origin.url} cannot be read: it did not answer within 0.1 s.`,
  )
  expect(await failure('/big')).toBe(
    `The proxy list at ${origin.url} cannot be read: it is larger than 1000 bytes.`,
  )
})

test('user and password of a list are sent as credentials', async () => {
  await using origin = await serve((request, response) => {
    response.end(request.headers.authorization === `Basic ${btoa('user:p@ss')}` ? '8.8.8.8:80' : '')
  })
  expect(await urls(urlProvider(`${origin.url.replace('//', '//user:p%40ss@')}/`, net))).toHaveLength(1)
})

test('a text that begins with an IPv6 address is not taken for JSON', async () => {
  await using origin = await serve((_, response) => response.end('[2606:4700::1111]:80\n8.8.8.8:80'))
  expect(await urls(urlProvider(`${origin.url}/`, net))).toEqual([
    'http://[2606:4700::1111]:80',
    'http://8.8.8.8:80',
  ])
})

test('JSON of strings and of objects is read, and what is wrong in it is named', async () => {
  const list = [
    '8.8.8.8:80',
    { host: 'gate.example', port: '1080', type: 'socks5', username: 'u', password: 'p', country: 'de' },
    { ip: '2606:4700::1111', port: 80, protocols: ['socks4'] },
    { ip: '169.254.169.254', port: 80 },
    { ip: '8.8.8.8' },
    { port: 80 },
    { ip: '8.8.8.8', port: 80, type: 'vmess' },
    7,
  ]
  await using origin = await serve((_, response) => response.end(JSON.stringify(list)))
  const { proxies, rejected } = await urlProvider(`${origin.url}/`, net).load(never)
  expect(proxies.map(proxyUrl)).toEqual([
    'http://8.8.8.8:80',
    'socks5://u:p@gate.example:1080',
    'socks4://[2606:4700::1111]:80',
  ])
  expect(proxies[1]?.endpoint.tags).toEqual({ country: 'DE' })
  expect(rejected.map((reason) => reason.slice(0, 8))).toEqual([
    'entry 4:',
    'entry 5:',
    'entry 6:',
    'entry 7:',
    'entry 8:',
  ])
})

test('an invalid entry of PROXY_POOL stops the start with its position', () => {
  const env = { PROXY_POOL: '192.0.2.1:80, user:s3cret@192.0.2.2:0' }
  expect(() => providerFor(undefined, { ...net, env })).toThrow(
    expect.objectContaining({
      code: 'PROXY_LINE_INVALID',
      message: expect.stringMatching(/^Entry 2 of PROXY_POOL (?!.*s3cret)/),
    }),
  )
})

test('PROXY_URL holds one proxy', () => {
  expect(() => environmentProvider({ PROXY_URL: '192.0.2.1:80,192.0.2.2:80' })).toThrow('PROXY_POOL')
  expect(environmentProvider({ PROXY_URL: ' ' })).toBeUndefined()
})

test.each([
  ['proxies.txt', 'proxies.txt', true],
  ['C:\\lists\\proxies.txt', 'C:\\lists\\proxies.txt', true],
  ['C:proxies.txt', 'C:proxies.txt', true],
  ['./a@b:80/list.txt', './a@b:80/list.txt', true],
  ['https://lists.example/free.txt', 'https://lists.example', false],
  ['https://lists.example:8443/free.txt?mail=a@b:80', 'https://lists.example:8443', false],
  ['https://lists.example', 'https://lists.example', false],
  ['http://gate.example:8000', 'proxy', true],
  ['http://user:pass@gate.example:80/', 'proxy', true],
  ['socks5://gate.example:1080', 'proxy', true],
  ['user:pass@gate.example:1080', 'proxy', true],
  ['192.0.2.1:1080', 'proxy', true],
  ['direct', 'proxy', true],
])('the option %s means %s', (option, name, trusted) => {
  expect(providerFor(option, net)).toEqual([expect.objectContaining({ name, trusted })])
})

test('several proxies in one text are so many, and no path and no list', async () => {
  const text = 'http://192.0.2.1:80, socks5://bob:word@192.0.2.2:1080,'
  for (const option of [text, [text], [text, '']])
    expect(await urls(providerFor(option, net)[0]!)).toEqual([
      'http://192.0.2.1:80',
      'socks5://bob:word@192.0.2.2:1080',
    ])
})

test.each([
  'user:s3cret@gate.example:99999',
  'gate.example:99999:user:s3cret',
  'ftp://user:s3cret@gate.example:1',
])('a mistyped proxy is not taken for a path, so its password is not shown: %s', (option) => {
  expect(() => providerFor(option, net)).toThrow(
    expect.objectContaining({
      code: 'PROXY_LINE_INVALID',
      message: expect.stringMatching(/^The proxy cannot be used: (?!.*s3cret)/),
    }),
  )
})

test('arrays, providers and both together are taken as they are, and nothing means nothing', () => {
  const own = arrayProvider(['192.0.2.1:80'])
  expect(providerFor(own, net)).toEqual([own])
  expect(providerFor([own, own], net)).toEqual([own, own])
  expect(providerFor(['192.0.2.1:80'], net)).toHaveLength(1)
  expect(providerFor(undefined, net)).toEqual([])
  expect(() => providerFor('-', net)).toThrow('standard input')
})

test('a filter leaves what has the capabilities asked for, and of two filters both hold', async () => {
  const all = arrayProvider([
    'http://192.0.2.1:80 country=DE class=residential',
    'socks5://192.0.2.2:80 country=DE class=free provider=acme',
    'http://192.0.2.3:80',
  ])
  const hosts = async (...wanted: ProxyFilter[]) => {
    const provider = wanted.reduce(filteredProvider, all)
    const witness = new Witness()
    const fleet = createFleet({ providers: [provider], clock: systemClock, listener: witness })
    await fleet.start()
    fleet.stop()
    return [...witness.present.values()].map(({ host }) => host)
  }
  expect(await hosts({ country: 'de' })).toEqual(['192.0.2.1', '192.0.2.2'])
  expect(await hosts({ protocol: 'http' })).toEqual(['192.0.2.1', '192.0.2.3'])
  expect(await hosts({ class: ['free', 'mobile'], provider: ['acme'] })).toEqual(['192.0.2.2'])
  expect(await hosts({ country: 'DE' }, { class: 'residential' })).toEqual(['192.0.2.1'])
  expect(await hosts({})).toHaveLength(3)
  await expect(hosts({ country: ['GB', 'FR'] })).rejects.toMatchObject({
    code: 'NO_PROXY_PASSES',
    message:
      'The list array asks for proxies with country=GB|FR, and none passes. The 3 proxies that are known have country: DE (2), none (1).',
    value: { filter: 'country=GB|FR', known: { country: ['DE', 'none'] } },
  })
})
