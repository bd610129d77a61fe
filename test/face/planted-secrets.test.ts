import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { deadListCommand, deadShowCommand } from '../../src/cli/dead.ts'
import { main } from '../../src/cli/program.ts'
import {
  type Crawler,
  type CrawlerOptions,
  createCrawler,
  createHttpCache,
  defineSource,
  systemClock,
} from '../../src/index.ts'
import { attachLog, attachMetrics, attachTrace, createLog } from '../../src/observe/index.ts'
import { listen } from '../transport/world.ts'

/**
 * One secret for each place that takes one, each with this mark in it; then everything that comes out is searched for the mark:
 * errors in all their forms, events, the log, explanations, what an inspector is shown, files, the command line.
 */
const mark = 'S3CRET'
const basic = (text: string) => Buffer.from(text).toString('base64').slice(0, 12)
const forms = [mark, mark.toLowerCase(), basic(`bob:${mark}`), basic(mark)]

function expectClean(text: string, where: string): void {
  for (const form of forms) {
    const at = text.indexOf(form)
    expect(at < 0 ? '' : text.slice(Math.max(0, at - 200), at + 20), where).toBe('')
  }
}

/** In every way in which somebody might print it. */
function printed(value: unknown): string {
  const seen = new Set<unknown>()
  const json = JSON.stringify(value, (_key, each: unknown) => {
    if (typeof each === 'bigint' || typeof each === 'symbol') return String(each)
    if (typeof each !== 'object' || each === null) return each
    if (seen.has(each)) return undefined
    seen.add(each)
    return each instanceof Error
      ? { ...each, message: each.message, stack: each.stack, cause: each.cause }
      : each
  })
  return `${json}\n${inspect(value, { depth: 8, maxStringLength: Infinity })}\n${String(value)}`
}

async function errorOf(work: () => unknown): Promise<unknown> {
  try {
    return await work()
  } catch (error) {
    return error
  }
}

function tempDir(): string {
  return mkdtempSync(join(tmpdir(), 'regatta-secrets-'))
}

const proxies = [
  `http://bob:${mark}@127.0.0.1:1`,
  `bob:${mark}@127.0.0.1:1`,
  `127.0.0.1:1:bob:${mark}`,
  `http://bob:${mark}@:80`,
  `http://bob:${mark}@127.0.0.1:99999`,
  `http://bob:${mark}@`,
  `http:/bob:${mark}@127.0.0.1:1`,
  `http:bob:${mark}@127.0.0.1:1`,
  `htp//bob:${mark}@127.0.0.1:1`,
  `htp://bob:${mark}@127.0.0.1:1`,
  `http://bob:${mark}/x@127.0.0.1:1`,
  `127.0.0.1:1:bob:${mark}/x`,
  `127.0.0.1:1:bob:${mark}:more`,
  ` socks5://bob:${mark} x@127.0.0.1:1`,
  `http:\\\\bob:${mark}@127.0.0.1:1`,
]

test.each(proxies)('a proxy written as %j is in no error, whatever else is wrong', async (proxy) => {
  const wrong: unknown[] = [
    { proxies: proxy, typo: 1 },
    { proxies: [proxy], typo: 1 },
    { proxies: ['direct', proxy, 5], typo: 1 },
    { proxies: { list: proxy } },
    { proxy, direct: true },
    { direct: true, hosts: { [proxy]: {} } },
    { direct: true, env: { PROXY_URL: [proxy] } },
    { env: { PROXY_URL: proxy, PROXY_POOL: proxy }, preset: proxy.replaceAll(' ', '') },
    { direct: true, strategy: proxy.replaceAll(' ', ''), hostKey: proxy.replaceAll(' ', '') },
    { proxies: [proxy, 'nonsense:x'] },
    { proxies: proxy },
  ]
  for (const options of wrong) {
    const error = await errorOf(async () => {
      const crawler = await createCrawler(options as CrawlerOptions)
      await crawler.stop()
      return crawler.proxies()
    })
    expectClean(printed(error), printed(Object.keys(options as object)))
  }
})

test('nor are headers, keys and cookies of options that do not fit', async () => {
  const wrong: unknown[] = [
    { direct: true, headers: { authorization: `Bearer ${mark}\n` } },
    { direct: true, headers: { [`Authorization: Bearer ${mark}`]: '' } },
    { direct: true, headers: `Authorization: ${mark}` },
    { direct: true, hosts: { 'a.example': { headers: { cookie: [mark] } } } },
    { direct: true, hosts: { 'a.example': { cookie: mark } } },
    { direct: true, apiKey: mark },
    { direct: true, cookies: [mark], header: { 'x-api-key': mark } },
    { direct: true, ca: [{ key: mark }] },
    { direct: true, health: { echoes: [`http://bob:${mark}@a.example/`] } },
  ]
  for (const options of wrong)
    expectClean(
      printed(await errorOf(() => createCrawler(options as CrawlerOptions))),
      printed(Object.keys(options as object)),
    )
})

const item = z.object({ url: z.string() })
const params = z.object({
  start: z.string(),
  apiKey: z.string(),
  account: z.object({ password: z.string() }).optional(),
})

/** It puts its key and a password into the requests that it yields, also into those that fail. */
const shop = defineSource({
  name: 'shop',
  params,
  item,
  robots: false,
  *seeds({ start, apiKey }) {
    const headers = { 'x-api-key': apiKey, cookie: `sid=${mark}`, authorization: `Bearer ${mark}` }
    yield { url: `${start}/ok`, headers }
    yield { url: `${start}/missing`, headers }
    yield { url: `${start}/login`, method: 'POST', body: `password=${mark}`, headers }
  },
  *parse(page) {
    yield page.item({ url: page.url })
  },
})

async function origin(answer: (path: string) => { status: number; headers?: Record<string, string> }) {
  const asked: { path: string; headers: IncomingHttpHeaders; body: string }[] = []
  const { port } = await listen(
    createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      request.on('end', () => {
        asked.push({ path: request.url!, headers: request.headers, body })
        const { status, headers } = answer(request.url!)
        response.writeHead(status, { 'content-type': 'text/html', 'set-cookie': `sid=${mark}`, ...headers })
        response.end(`<html><title>A page</title><p>${'A page like any other. '.repeat(20)}</p></html>`)
      })
    }),
  )
  return { url: `http://127.0.0.1:${port}`, host: `127.0.0.1:${port}`, asked }
}

/** Everything that a crawler says. */
function listenTo(crawler: Crawler): () => string {
  const told: string[] = []
  const log = createLog({ level: 'trace', destination: { write: (line: string) => told.push(line) } })
  attachLog(crawler, log)
  let inspected = 0
  crawler.inspect((event) => {
    // Whole graphs of objects: some are enough.
    if (event.type === '@xstate.snapshot' && inspected++ < 40) told.push(inspect(event, { depth: 7 }))
  })
  const names = [
    'task.accepted',
    'attempt.started',
    'outcome',
    'task.settled',
    'request.done',
    'request.skipped',
    'request.dead',
    'item',
    'alert',
    'log',
  ] as const
  // The query of a URL is part of its page's name, and programs are told it as it is; people are not.
  const asData = (event: unknown) => printed(event).replaceAll(`?token=${mark}`, '')
  for (const name of names) crawler.on(name, (event: unknown) => told.push(asData(event)))
  return () => told.join('\n')
}

test('no secret of a crawl is in what is said of it, nor in the files that keep it', async () => {
  const { url, host, asked } = await origin((path) => ({ status: path === '/ok' ? 200 : 404 }))
  const dir = tempDir()
  const options: CrawlerOptions = {
    direct: true,
    state: dir,
    politeness: { interval: 0 },
    headers: { 'x-auth-token': mark },
    hosts: { [host]: { headers: { 'x-subscription-key': mark } } },
  }
  const crawler = await createCrawler(options)
  onTestFinished(() => crawler.stop())
  const said = listenTo(crawler)
  const trace: string[] = []
  attachTrace(crawler, systemClock, (line) => trace.push(line), options)
  const metrics = attachMetrics(crawler)
  const cache = await createHttpCache({ to: join(dir, 'cache.db') })
  await crawler.crawl(shop, { start: url, apiKey: mark }, { cache }).run()
  await cache.close()
  const login = `http://bob:${mark}@${host}/ok`
  const response = await crawler.fetch(login, { method: 'POST', body: mark, headers: { cookie: mark } })
  const sent = asked.at(-1)!
  expect(sent.headers.authorization).toBe(`Basic ${Buffer.from(`bob:${mark}`).toString('base64')}`)
  expect(asked.find(({ path }) => path === '/login')!.body).toBe(`password=${mark}`)
  expect(asked.every(({ headers }) => headers['x-subscription-key'] === mark)).toBe(true)
  expect(response.url).not.toContain(mark)
  const label = crawler.proxies()[0]!.id
  const refused = [
    () => crawler.fetch(login, { proxy: `http://bob:${mark}@1.2.3.4:80` }),
    () => crawler.fetch(`http://bob:${mark}@${host}:99999/`),
    () => crawler.fetch(`http://bob:${mark}@${host}:99999/`, { method: 'POST', body: 'x' }),
    () => crawler.fetch(`ftp://bob:${mark}@${host}/`),
    () => crawler.fetch(url, { headers: { authorization: `${mark}\nx` } }),
    () => crawler.fetch(`http://bob:${mark}@127.0.0.1:1/?token=${mark}`, { deadline: 50 }),
    () => crawler.submit(`http://bob:${mark}@${host}:x/`),
    () => crawler.trySubmit(`//bob:${mark}@${host}`),
    () => crawler.lease(`http://bob:${mark}@ho st/`),
    () => crawler.isolate(`http://bob:${mark}@1.2.3.4:80`),
    () => crawler.readmit(`bob:${mark}@1.2.3.4:80`),
    () => crawler.warmup(`1.2.3.4:80:bob:${mark}`, 1),
    () => crawler.crawl(shop, { start: url, apiKey: 5 as never }),
    () => crawler.crawl(shop, { start: 5 as never, apiKey: mark, account: { password: [mark] as never } }),
    () => crawler.crawl(shop, { start: url, apiKey: mark }, { password: mark } as never),
    () => crawler.crawl(shop, { start: url, apiKey: mark }, { block: [`http://bob:${mark}@x/`] }),
  ]
  for (const [at, work] of refused.entries()) {
    const error = await errorOf(work)
    expect(error, String(at)).toBeInstanceOf(Error)
    expectClean(printed(error), `refusal ${at}`)
  }
  await using lease = await crawler.lease(url)
  expectClean(printed(lease), 'lease')
  expect(crawler.explain('t1')).toBeDefined()
  expectClean(printed(['t1', 't2', 't3'].map((task) => crawler.explain(task))), 'explain')
  expectClean(printed([crawler.stats(), crawler.proxies(), crawler.reputation(), label]), 'statistics')
  expectClean(printed(crawler), 'crawler')
  expectClean(await metrics.registry.metrics(), 'metrics')
  const teller = defineSource({
    name: 'teller',
    params: z.object({}),
    item,
    seeds(_, { log }) {
      log(`It will ask ${login} and ${url}/?api_key=${mark}.`)
      return []
    },
    *parse() {},
  })
  await crawler.crawl(teller, {}).run()
  await crawler.stop()
  expect(said()).toContain('It will ask')
  expectClean(said(), 'what was said')
  expect(trace.length).toBeGreaterThan(10)
  expectClean(trace.join('\n').replaceAll(`?token=${mark}`, ''), 'trace')
  for (const file of readdirSync(dir)) {
    expectClean(readFileSync(join(dir, file), 'latin1'), file)
    if (/\.db$|\.sqlite$|\.key$/.test(file) && file !== 'lock.db')
      expect(statSync(join(dir, file)).mode & 0o077, file).toBe(0)
  }

  let screen = ''
  const write = (text: string) => {
    screen += text
    return true
  }
  const io = { stdout: { write }, stderr: { write }, cwd: dir, env: {}, clock: { wall: () => 0 } } as never
  await deadListCommand('.', { json: true }, io)
  await deadListCommand('.', {}, io)
  await deadShowCommand('.', `${url}/missing`, io)
  expect(screen).toContain('"x-api-key":"…"')
  expectClean(screen, 'dead letters')
})

test('a crawl that goes on sends what its requests had, and says which file is missing when it cannot', async () => {
  const { url, asked } = await origin(() => ({ status: 200 }))
  const dir = tempDir()
  const options = { direct: true, state: dir, politeness: { interval: 0 } } as const
  const open = await createCrawler(options)
  await open.crawl(shop, { start: url, apiKey: mark }, { maxPages: 1 }).run()
  await open.stop()
  const again = await createCrawler(options)
  await again.crawl(shop, { start: url, apiKey: mark }).run()
  await again.stop()
  expect(asked).toHaveLength(3)
  for (const { headers } of asked) {
    expect(headers['x-api-key']).toBe(mark)
    expect(headers.cookie).toBe(`sid=${mark}`)
  }
  expect(asked.find(({ path }) => path === '/login')!.body).toBe(`password=${mark}`)
})

test('what proves who we are does not follow a redirect to another host, port or scheme', async () => {
  const other = await origin(() => ({ status: 200 }))
  const first = await origin(() => ({ status: 302, headers: { location: `${other.url}/there` } }))
  const crawler = await createCrawler({
    direct: true,
    politeness: { interval: 0 },
    headers: { 'x-plain': 'for all' },
    hosts: { [first.host]: { headers: { 'x-here': mark, 'x-api-key': mark, 'x-plain': mark } } },
  })
  onTestFinished(() => crawler.stop())
  const headers = { authorization: mark, cookie: mark, 'x-own-token': mark }
  await crawler.fetch(`${first.url}/`, { headers })
  await crawler.fetch(`${first.url}/`, { headers: { ...headers, 'x-here': 'my own' } })
  await crawler.crawl(shop, { start: first.url, apiKey: mark }).run()
  expect(first.asked[0]!.headers['x-here']).toBe(mark)
  expect(first.asked[0]!.headers['x-own-token']).toBe(mark)
  expect(other.asked.length).toBeGreaterThan(2)
  for (const each of other.asked) {
    expectClean(JSON.stringify(each.headers), 'headers of the other host')
    expect(each.headers['x-plain']).toBe('for all')
  }
})

test.each([
  ['crawl', 'http://a.example/', '--proxies', `http:/bob:${mark}@127.0.0.1:1`],
  ['crawl', 'http://a.example/', '--proxies', `http://bob:${mark}@127.0.0.1:99999`],
  ['crawl', 'http://a.example/', '--direct', '--header', `Authorization ${mark}`],
  ['crawl', 'http://a.example/', '--direct', `--proxie=http://bob:${mark}@127.0.0.1:1`],
  ['crawl', 'http://a.example/', '--direct', `--token=${mark}`],
  ['crawl', 'http://a.example/', '--direct', '--param', mark],
  ['crawl', `http://bob:${mark}@a.example/`, '--direct', '--no-state'],
  ['crawl', `http://bob:${mark}@a.example:x/`, '--direct', '--no-state'],
  ['proxies', 'check', `http:/bob:${mark}@127.0.0.1:1`, '--echo', 'http://a.example/'],
])('the command line keeps it to itself: %s %s %s %s', async (...argv) => {
  let screen = ''
  const write = (text: string) => {
    screen += text
    return true
  }
  const stream = { write, isTTY: false, columns: 100, on: () => {}, once: () => {}, off: () => {} }
  const io = {
    stdout: stream,
    stderr: stream,
    cwd: tempDir(),
    env: {},
    clock: (await import('../../src/base/clock.ts')).systemClock,
  }
  const code = await main(argv, io as never)
  expect(code).not.toBe(0)
  expect(screen).not.toBe('')
  expectClean(screen, argv.join(' '))
})
