import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import * as regatta from '../../src/index.ts'
import * as lab from '../../src/lab/index.ts'
import * as observe from '../../src/observe/index.ts'
import * as sim from '../../src/sim/index.ts'
import * as sinks from '../../src/sink/index.ts'
import * as source from '../../src/source/index.ts'

/** What may come for an argument where no compiler looks: a missing one, a wrong one, an odd one. */
const odd: readonly [string, unknown][] = [
  ['nothing', undefined],
  ['null', null],
  ['5', 5],
  ['{}', {}],
  ['[]', []],
  ['a symbol', Symbol('odd')],
  ['a Proxy', new Proxy({}, {})],
  ['an instance', new (class Own {})()],
  ['an object without a prototype', Object.create(null)],
]

type Call = (given: never) => unknown

const objects = ['{}', 'a Proxy', 'an instance', 'an object without a prototype']

const crawler = await regatta.createCrawler({ direct: true, politeness: false })
afterAll(() => crawler.stop())
const shop = regatta.defineSource({
  name: 'shop',
  params: z.object({ q: z.string() }),
  item: z.object({}),
  *seeds() {},
  *parse() {},
})
const url = 'http://127.0.0.1:9/'
const within = <Result>(use: (session: regatta.Session) => Result) =>
  crawler.session(async (session) => await use(session), { tries: 1 })

/** Each with what makes it fail; what of the odd values is good for it stands behind. */
const calls: Readonly<Record<string, readonly [call: Call, ...good: string[]]>> = {
  createCrawler: [regatta.createCrawler],
  createHttpCache: [regatta.createHttpCache],
  createMemoryFrontier: [regatta.createMemoryFrontier, 'nothing', ...objects],
  createPage: [regatta.createPage],
  defineClassifier: [regatta.defineClassifier],
  defineSource: [regatta.defineSource],
  expectLanguage: [regatta.expectLanguage],
  mustContain: [regatta.mustContain],
  readForm: [regatta.readForm],
  canonicalUrl: [source.canonicalUrl],
  compilePattern: [source.compilePattern],
  createScope: [source.createScope],
  isHtml: [source.isHtml],
  readContent: [source.readContent],
  readDirectives: [source.readDirectives],
  createCallbackSink: [sinks.createCallbackSink],
  createCsvSink: [sinks.createCsvSink],
  createJsonSink: [sinks.createJsonSink],
  createJsonlSink: [sinks.createJsonlSink],
  createSqliteSink: [sinks.createSqliteSink],
  attachLog: [(given) => observe.attachLog(given, observe.createLog())],
  attachMetrics: [observe.attachMetrics],
  attachTrace: [(given) => observe.attachTrace(given, regatta.systemClock, () => {})],
  metricsFor: [(given) => observe.metricsFor(given, 'a.test')],
  findScenario: [lab.findScenario],
  readTrace: [sim.readTrace, '[]'],
  recordedReport: [sim.recordedReport],
  'crawler.fetch': [(given) => crawler.fetch(given)],
  'crawler.submit': [(given) => crawler.submit(given)],
  'crawler.trySubmit': [(given) => crawler.trySubmit(given)],
  'crawler.submitBatch': [(given) => crawler.submitBatch(given).next(), '[]'],
  'crawler.crawl': [(given) => crawler.crawl(given)],
  'crawler.crawl with params': [(given) => crawler.crawl(shop, given)],
  'crawler.crawl with options': [(given) => crawler.crawl(shop, { q: '' }, given), 'nothing', ...objects],
  'crawler.session': [(given) => crawler.session(given)],
  'crawler.session with tries': [(tries) => crawler.session(async () => {}, { tries }), 'nothing', '5'],
  'crawler.lease': [(given) => crawler.lease(given)],
  'crawler.lease with a time': [(expiresMs) => crawler.lease('a.test', { expiresMs }), 'nothing', '5'],
  'crawler.isolate': [(given) => crawler.isolate(given)],
  'crawler.readmit': [(given) => crawler.readmit(given)],
  'crawler.pause': [(given) => crawler.pause(given), 'nothing'],
  'crawler.resume': [(given) => crawler.resume(given), 'nothing'],
  'crawler.dashboard': [(given) => shown(given), 'nothing', ...objects],
  'crawl.retryDead': [(given) => crawler.crawl(shop, { q: '' }).retryDead(given), 'nothing', ...objects],
  'crawler.warmup': [(given) => crawler.warmup('direct', given)],
  'crawler.events': [(given) => crawler.events(given), 'nothing', ...objects],
  'crawler.explain': [(given) => crawler.explain(given)],
  'crawler.inspect': [(given) => crawler.inspect(given)],
  'crawler.refresh': [(given) => crawler.refresh(given), 'nothing', ...objects],
  'crawler.drain with a time': [(timeout) => crawler.drain({ timeout }), 'nothing', '5'],
  'crawler.on': [(given) => crawler.on(given, () => {})],
  'crawler.once': [(given) => crawler.once(given, () => {})],
  'crawler.off': [(given) => crawler.off(given, () => {})],
  'crawler.on of log': [(given) => crawler.on('log', given)],
  'crawler.once of log': [(given) => crawler.once('log', given)],
  'crawler.off of log': [(given) => crawler.off('log', given)],
  'handle.withTimeout': [(given) => abandoned().withTimeout(given), '5'],
  'session.fetch': [(given) => within((session) => session.fetch(given))],
  'session.submit': [(given) => within((session) => session.submit(given))],
  'session.restart': [(given) => within((session) => session.restart(given))],
  'lease.succeed': [(given) => leased((lease) => lease.succeed(given)), 'nothing', '5'],
  'lease.fail': [(given) => leased((lease) => lease.fail(given)), 'nothing'],
}

async function shown(options: regatta.DashboardOptions): Promise<void> {
  await using _ = await crawler.dashboard(options)
}

function abandoned(): regatta.Handle {
  const handle = crawler.trySubmit(url)
  handle.cancel()
  return handle
}

async function leased(use: (lease: regatta.OwnLease) => void): Promise<void> {
  await using lease = await crawler.lease('a.test')
  use(lease)
}

const options = {
  ...{
    accept: ['[]', '5'],
    body: ['null'],
    deadline: ['5'],
    headers: ['null', '[]', ...objects],
  },
  ...{
    hedge: [],
    idempotent: [],
    judge: [],
    method: [],
    proxy: [],
    redirect: [],
    session: [],
    signal: ['null'],
  },
  ...{ cache: [], credentials: [], integrity: [], mode: [], referrer: [], window: ['null'], dispatcher: [] },
} as const

describe('an argument that does not fit is told by a coded error that names it', () => {
  it.each(Object.entries(calls))('%s', async (_, [call, ...good]) => {
    for (const [label, value] of odd) {
      if (good.includes(label)) continue
      const error = await attempt(() => call(value as never))
      expect(error, label).toBeInstanceOf(regatta.RegattaError)
    }
  })

  it.each(Object.entries(options))('option "%s" of a fetch', async (name, good: readonly string[]) => {
    for (const [label, value] of odd) {
      if (label === 'nothing' || good.includes(label)) continue
      const error = await attempt(() => crawler.fetch(url, { method: 'POST', [name]: value }))
      expect(error, label).toMatchObject({ message: expect.stringContaining(name) })
      expect(error, label).toBeInstanceOf(regatta.RegattaError)
      expect(['OPTION_INVALID', 'PROXY_UNKNOWN']).toContain((error as regatta.RegattaError).code)
    }
  })

  it('a word that is none, before a body is read', async () => {
    let isRead = false
    async function* body() {
      isRead = true
      yield 'a'
    }
    for (const redirect of ['https://user:secret@a.test', 1n] as unknown as RequestRedirect[]) {
      const error = await attempt(() =>
        crawler.fetch(url, { method: 'POST', body: body(), duplex: 'half', redirect }),
      )
      expect(error).toMatchObject({ code: 'OPTION_INVALID', value: { path: 'redirect' } })
      expect(String(error)).not.toContain('secret')
    }
    expect(isRead).toBe(false)
  })

  it('the options of a fetch themselves', async () => {
    for (const value of [5, [], 'POST', Symbol('odd'), () => {}]) {
      const error = await attempt(() => crawler.fetch(url, value as never))
      expect(error).toMatchObject({ code: 'OPTION_INVALID', value: { path: 'init' } })
    }
  })

  it('in a sentence', async () => {
    expect(await attempt(() => crawler.session(undefined as never))).toMatchObject({
      message: 'session(): "work" must be a function of the session (got nothing).',
    })
    expect(await attempt(() => crawler.on('log', undefined as never))).toMatchObject({
      message: 'on(log): "listener" must be a function of the event (got nothing).',
    })
    expect(await attempt(() => crawler.on('outcom' as never, () => {}))).toMatchObject({
      message: expect.stringMatching(/^on\(\): "event" must be one of request\.found, .*outcome/),
    })
  })
})

async function attempt(call: () => unknown): Promise<unknown> {
  try {
    await call()
    return undefined
  } catch (error) {
    return error
  }
}
