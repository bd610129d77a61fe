import { z } from 'zod'
import type { Crawler, CrawlerOptions, Sink } from '../../src/index.ts'
import { createCrawler, defineSource } from '../../src/index.ts'
import type { Scenario } from '../../src/lab/index.ts'

/** Crawls of one page that all fail, each in its own way, and what the first line of an explanation must say of each. */
export interface FailingCrawl {
  readonly name: string
  /** Of the page that fails; `{site}` stands for the origin of that name. */
  readonly url: string
  /** Names of the lab's proxies; none: direct. */
  readonly proxies: readonly string[]
  /** The true cause, in the first line. */
  readonly says: RegExp
  readonly options?: Partial<CrawlerOptions>
  /** Follows this link from the seed instead of asking for the page itself. */
  readonly from?: string
  readonly parse?: 'throws' | 'wrong item' | 'item'
  readonly sink?: 'fails'
  readonly isPaused?: true
  readonly robots?: true
}

/** Long enough for a machine that is busy, short enough for a test. */
const timeouts = {
  dial: 900,
  handshake: 900,
  tls: 2_000,
  firstByte: 900,
  idle: 700,
  total: 3_000,
  minRate: 0,
}
const quick = { timeouts, hedge: false } as const
const polite = { politeness: { interval: 0, robots: true } } as const

export const failingCrawls: readonly FailingCrawl[] = [
  {
    name: 'a name that no proxy resolves',
    url: 'https://{safe}/bytes/100',
    proxies: ['no-dns'],
    says: /name of the host does not resolve/,
  },
  {
    name: 'a proxy that is not there',
    url: '{site}/bytes/100',
    proxies: ['dead'],
    says: /nobody listens at the proxy/,
    options: { deadline: 3_000 },
  },
  {
    name: 'a host that is not there',
    url: 'http://127.0.0.1:1/',
    proxies: [],
    says: /nobody listens at the host/,
  },
  {
    name: 'a refused password',
    url: '{site}/bytes/100',
    proxies: ['bad-auth'],
    says: /refuses its user or password/,
    options: { deadline: 3_000 },
  },
  {
    name: 'a SOCKS proxy that fails',
    url: '{site}/bytes/100',
    proxies: ['general'],
    says: /reports a general failure/,
  },
  {
    name: 'a SOCKS proxy that may not',
    url: '{site}/bytes/100',
    proxies: ['denied'],
    says: /does not allow this host or port/,
  },
  {
    name: 'a proxy that takes no connection',
    url: '{site}/bytes/100',
    proxies: ['syn-drop'],
    says: /did not take the connection in time/,
    options: { deadline: 3_000 },
  },
  {
    name: 'a proxy that says nothing',
    url: '{site}/bytes/100',
    proxies: ['blackhole'],
    says: /took the connection and said nothing/,
    options: { deadline: 3_000 },
  },
  {
    name: 'a handshake that is cut',
    url: '{site}/bytes/100',
    proxies: ['cut'],
    says: /closed the connection in its handshake/,
    options: { deadline: 3_000 },
  },
  {
    name: 'a proxy of another protocol',
    url: '{site}/bytes/100',
    proxies: ['protocol'],
    says: /does not speak the protocol/,
    options: { deadline: 3_000 },
  },
  {
    name: 'an expired certificate',
    url: '{expired}/bytes/100',
    proxies: ['good-1', 'good-2', 'good-3'],
    says: /certificate is not the host/,
  },
  {
    name: 'a proxy that forges certificates',
    url: '{safe}/bytes/100',
    proxies: ['mitm'],
    says: /certificate is not the host/,
    options: { timeouts: {} }, // it makes its certificate first
  },
  {
    name: 'a reset in the body',
    url: '{site}/bytes/90000',
    proxies: ['reset'],
    says: /(body|connection broke).*\((body-reset|body-short)\)/,
  },
  {
    name: 'a body that is cut',
    url: '{site}/bytes/4000',
    proxies: ['truncate'],
    says: /(body|connection broke).*\((body-reset|body-short)\)/,
  },
  {
    name: 'a body that drips',
    url: '{site}/bytes/40',
    proxies: ['trickle'],
    says: /the body stopped coming|took too long|more slowly/,
  },
  {
    name: 'a body that is too large',
    url: '{site}/bytes/200000',
    proxies: ['good-1'],
    says: /larger than maxBody/,
    options: { maxBody: 10_000 },
  },
  {
    name: 'a body that cannot be decoded',
    url: '{site}/broken/gzip',
    proxies: ['good-1'],
    says: /compressed body cannot be decoded/,
  },
  { name: 'no answer', url: '{site}/hang', proxies: ['good-1'], says: /no answer began in time/ },
  {
    name: 'a page that hangs up to its deadline',
    url: '{site}/hang',
    proxies: ['good-1'],
    says: /deadline passed first/,
    options: { deadline: 700, timeouts: { firstByte: 10_000, total: 20_000 } },
  },
  {
    name: 'a refusal',
    url: '{site}/status/403',
    proxies: ['good-1', 'good-2', 'good-3'],
    says: /answers 403/,
  },
  { name: 'too much haste', url: '{site}/status/429', proxies: ['good-1', 'good-2', 'good-3'], says: /429/ },
  {
    name: 'a captcha',
    url: '{captcha}/bytes/5000',
    proxies: ['good-1', 'good-2', 'good-3'],
    says: /captcha/,
  },
  {
    name: 'an empty page',
    url: '{empty}/bytes/5000',
    proxies: ['good-1', 'good-2', 'good-3'],
    says: /empty page/,
  },
  {
    name: 'a host that is down',
    url: '{site}/status/503',
    proxies: ['good-1', 'good-2', 'good-3'],
    says: /answers 503/,
  },
  { name: 'a page that is not there', url: '{site}/status/404', proxies: ['good-1'], says: /no such page/ },
  {
    name: 'a circle of redirects',
    url: '{site}/redirect-loop',
    proxies: ['good-1', 'good-2'],
    says: /redirects in a circle/,
  },
  {
    name: 'the login page of a network',
    url: '{site}/bytes/300',
    proxies: ['portal'],
    says: /login page of its network/,
  },
  {
    name: 'robots.txt',
    url: '{site}/disallowed/1',
    proxies: ['good-1'],
    says: /robots\.txt disallows it/,
    options: polite,
  },
  {
    name: 'robots.txt that cannot be had',
    url: '{down}/bytes/1',
    proxies: ['good-1', 'good-2', 'good-3'],
    says: /robots\.txt/,
    options: polite,
  },
  {
    name: 'a link out of scope',
    url: '{site}/bytes/77',
    from: '{site}/bytes/300',
    proxies: ['good-1'],
    says: /outside what the source asks for/,
  },
  {
    name: 'a link that is too deep',
    url: '{site}/bytes/78',
    from: '{site}/bytes/300',
    proxies: ['good-1'],
    says: /is not followed.*limit of depth/,
  },
  {
    name: 'an item that does not fit',
    url: '{site}/bytes/301',
    proxies: ['good-1'],
    says: /does not fit the schema/,
    parse: 'wrong item',
  },
  {
    name: 'a parse that throws',
    url: '{site}/bytes/302',
    proxies: ['good-1'],
    says: /the source failed on it.*no price/,
    parse: 'throws',
  },
  {
    name: 'a sink that fails',
    url: '{site}/bytes/303',
    proxies: ['good-1'],
    says: /a sink could not take/,
    parse: 'item',
    sink: 'fails',
  },
  {
    name: 'no proxy passes',
    url: '{site}/bytes/304',
    proxies: ['good-1'],
    says: /lets no proxy of the fleet pass/,
    options: { hosts: { 'site.lab': { proxies: { country: 'FR' } } } },
  },
  {
    name: 'a pause',
    url: '{site}/bytes/305',
    proxies: ['good-1'],
    says: /pause\(\) was called/,
    isPaused: true,
  },
]

export const scenario: Scenario = {
  origins: {
    site: { site: { pages: 5, disallowed: 2 } },
    safe: { tls: true },
    expired: { tls: 'expired' },
    captcha: { softBlock: { share: 1, style: 'captcha' } },
    empty: { softBlock: { share: 1, style: 'empty' } },
    down: { windows: [{ fromMs: 0, toMs: 1e8, status: 503 }] },
  },
  proxies: [
    { name: 'good', count: 3 },
    {
      name: 'no-dns',
      protocol: 'http',
      fault: { kind: 'refuse', status: 502, headers: { 'proxy-status': 'lab; error=dns_error' } },
    },
    { name: 'dead', fault: 'dead' },
    { name: 'bad-auth', protocol: 'http', fault: 'bad-auth', auth: { username: 'bob', password: 'S3CRET' } },
    { name: 'general', fault: { kind: 'refuse', code: 1 } },
    { name: 'denied', fault: 'ruleset-denied' },
    { name: 'syn-drop', fault: 'syn-drop' },
    { name: 'blackhole', fault: 'blackhole' },
    { name: 'cut', fault: 'truncated-reply' },
    { name: 'protocol', fault: 'wrong-protocol' },
    { name: 'mitm', fault: 'mitm' },
    { name: 'reset', fault: 'reset-mid-body' },
    { name: 'truncate', fault: 'truncate' },
    { name: 'trickle', fault: 'trickle' },
    { name: 'portal', protocol: 'http', fault: { kind: 'inject', style: 'portal' } },
  ],
}

/** What a process needs of the lab to run them. */
export interface LabView {
  /** URL by name. */
  readonly origins: Readonly<Record<string, string>>
  /** URL by name. */
  readonly proxies: Readonly<Record<string, string>>
  readonly ca: string
}

export function urlOf({ url }: Pick<FailingCrawl, 'url'>, { origins }: LabView): string {
  return url
    .replace('https://{safe}', origins.safe!)
    .replace(/\{(\w+)\}/, (_, name: string) => origins[name]!)
}

/** Starts it, and resolves with what is explained at once as soon as that says what it must. */
export async function failAtOnce(
  failing: FailingCrawl,
  lab: LabView,
  state?: string,
): Promise<{ readonly crawler: Crawler; readonly answer: string }> {
  const { proxies, options, parse, sink, isPaused, from } = failing
  const url = urlOf(failing, lab)
  const crawler = await createCrawler({
    ...(proxies.length > 0 ? { proxies: proxies.map((name) => lab.proxies[name]!) } : { direct: true }),
    politeness: false,
    seed: 3,
    ca: lab.ca,
    ...quick,
    ...options,
    ...(state !== undefined && { state }),
  })
  if (isPaused) crawler.pause()
  const source = defineSource({
    name: 'failing',
    params: z.object({}),
    item: z.object({ price: z.number() }),
    *seeds() {
      yield from === undefined ? url : urlOf({ url: from }, lab)
    },
    admit: (request) =>
      request.url.endsWith('/77') ? { reason: 'scope', detail: 'not of this shop' } : undefined,
    *parse(page) {
      if (from !== undefined && page.url !== url) yield page.follow([url])
      if (parse === 'throws') throw new Error('there is no price')
      if (parse === 'wrong item') yield page.item({ price: 'none' as unknown as number })
      if (parse === 'item') yield page.item({ price: 1 })
    },
  })
  const maxDepth = failing.name.includes('too deep') ? 0 : 5
  const sinks = sink === undefined ? [] : [brokenSink]
  // A frontier on disk for each of them would be forty threads: those that need no crawl are asked for without one.
  const needsCrawl = from ?? parse ?? sink ?? options?.politeness
  const asked =
    needsCrawl || state === undefined
      ? crawler.crawl(source, {}, { sinks, maxDepth }).run()
      : crawler.fetch(url)
  asked.catch(() => {})
  const due = performance.now() + 25_000
  let answer = ''
  while (performance.now() < due) {
    answer = crawler.explain(url)?.answer ?? ''
    if (failing.says.test(answer) && !answer.startsWith('Under way: attempt')) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return { crawler, answer }
}

const brokenSink: Sink = {
  name: 'broken',
  async open() {},
  async write() {
    throw Object.assign(new Error('the disk is full'), { code: 'EACCES' })
  },
  async close() {},
}
