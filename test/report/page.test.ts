import fc from 'fast-check'
import { parse } from 'parse5'
import { describe, expect, test } from 'vitest'
import { reportPage } from '../../src/cli/report/report-page.ts'
import { scaleTo, timeScale } from '../../src/cli/report/scale.ts'
import { hostRecord, proxyRecord, runRecord } from './records.ts'

interface Node {
  readonly nodeName: string
  readonly value?: string
  readonly childNodes?: readonly Node[]
  readonly attrs?: readonly { readonly name: string; readonly value: string }[]
}

function* nodesIn(node: Node): Generator<Node> {
  yield node
  for (const child of node.childNodes ?? []) yield* nodesIn(child)
}

function read(page: string) {
  const nodes = [...nodesIn(parse(page) as unknown as Node)]
  const text = nodes
    .filter(({ nodeName }) => nodeName === '#text')
    .map(({ value }) => value)
    .join(' ')
  return { nodes, text, names: new Set(nodes.map(({ nodeName }) => nodeName)) }
}

/** What a page, a host or a list may try. */
const hostile = [
  '</script><script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</title></style><svg onload=alert(1)>',
  '\u202e\u2066abc\u0000\u001b[2J',
  'javascript:alert(1)',
  '&lt;b&gt;',
  'http://user:secret@host.test/?token=hush',
]

function filledWith(text: string) {
  return runRecord({
    target: text,
    source: text,
    error: text,
    failures: [{ reason: text, verdict: 'dead', count: 1, example: text, proxy: text }],
    dead: [{ reason: text, count: 1, example: text, detail: text }],
    leftOut: [{ reason: text, count: 1, example: text }],
    trapped: [{ reason: text, count: 1, example: text }],
    waits: [{ reason: text, ms: 5_000 }],
    proxies: [proxyRecord({ proxy: text, reason: text, good: 0, failed: 9 }), proxyRecord({ state: text })],
    hosts: [hostRecord({ host: text, reason: text, state: text })],
    expect: [{ expectation: text, actual: 1, shown: text, kept: false }],
    price: { amount: 1, currency: text },
    folder: text,
    called: text,
    fleet: { total: 2, [text]: 1 },
  })
}

describe('the page of a report', () => {
  test.each(hostile)('shows %j as text, wherever it comes from', (text) => {
    const { nodes, names } = read(reportPage(filledWith(text)))
    for (const name of ['script', 'img', 'iframe', 'a', 'link', 'b']) expect(names).not.toContain(name)
    const attributes = nodes.flatMap(({ attrs = [] }) => attrs)
    expect(attributes.filter(({ name }) => /^on|^src$|^href$/.test(name))).toEqual([])
    const page = reportPage(filledWith(text))
    expect(page).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/u)
    expect(page).not.toMatch(/secret|hush/)
  })

  test('has nothing but text where anything may stand', () => {
    const plainNames = read(reportPage(filledWith('x'))).names
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const { names } = read(reportPage(filledWith(text)))
        expect([...names].filter((name) => !plainNames.has(name))).toEqual([])
      }),
      { numRuns: 60 },
    )
  })

  test('needs nothing from elsewhere, and forbids it', () => {
    const page = reportPage(runRecord())
    expect(page).toContain("default-src 'none'")
    expect(page).not.toMatch(/<script|<link|@import|url\(|src=/)
    const addresses = page.match(/https?:\/\/[^\s<"]+/g) ?? []
    expect(addresses.filter((each) => !/^http:\/\/(?:a\.test|10\.0\.0\.1)/.test(each))).toEqual([])
  })

  test('can be read with ears: a language, a title, a name for each plot and a table behind it', () => {
    const { nodes } = read(reportPage(runRecord()))
    const attribute = (node: Node, name: string) => node.attrs?.find((each) => each.name === name)?.value
    expect(attribute(nodes.find(({ nodeName }) => nodeName === 'html')!, 'lang')).toBe('en')
    const plots = nodes.filter(({ nodeName }) => nodeName === 'svg')
    expect(plots.length).toBeGreaterThanOrEqual(5)
    for (const each of plots) {
      expect(attribute(each, 'role')).toBe('img')
      expect(attribute(each, 'aria-label')).not.toBe('')
    }
    for (const section of nodes.filter(({ nodeName }) => nodeName === 'section')) {
      const inside = [...nodesIn(section)].map(({ nodeName }) => nodeName)
      if (inside.includes('svg')) expect(inside).toContain('table')
    }
    for (const each of nodes.filter(({ nodeName }) => nodeName === 'th'))
      expect(attribute(each, 'scope')).toBe('col')
  })

  test('stays below 500 kB with 10,000 proxies and 1,000 hosts, and says what it leaves out', () => {
    const proxies = Array.from({ length: 10_000 }, (_, n) =>
      proxyRecord({
        proxy: `http://proxy-${n}.provider.example:8080`,
        good: n % 60,
        failed: (n * 7) % 41,
        attempts: (n % 60) + ((n * 7) % 41),
        firstByteMs: (n * 37) % 4_000,
        state: n % 9 === 0 ? 'open' : 'closed',
        reason: n % 9 === 0 ? 'dial-timeout' : '',
      }),
    )
    const hosts = Array.from({ length: 1_000 }, (_, n) =>
      hostRecord({ host: `host-${n}.example.test`, throttled: n % 3 }),
    )
    const span = { at: 0, pages: 10, bytes: 10_000, attempts: [10, 1, 2, 3, 2, 1], p50: 100, p95: 300 }
    const spans = Array.from({ length: 240 }, (_, n) => ({ ...span, at: n * 1_000 }))
    const page = reportPage(
      runRecord({ proxies, hosts, moreProxies: 500, series: { spanMs: 1_000, spans }, wallMs: 240_000 }),
    )
    expect(Buffer.byteLength(page)).toBeLessThan(500_000)
    expect(page).toMatch(/and 10,4\d\d more proxies/)
    expect(page).toContain('and 950 more hosts')
  })

  test('says what failed, what it means and what to do', () => {
    const { text } = read(reportPage(runRecord()))
    expect(text).toContain(
      "Nobody listens at the proxy's port. See which proxies live: regatta proxies check LIST.",
    )
    expect(text).toContain('regatta dead retry .regatta/a --reason status-500')
    expect(text).toContain('It finished.')
  })

  test('a crawl of which nothing is known has a page too', () => {
    const { text } = read(
      reportPage(
        runRecord({
          ending: 'failed',
          error: 'None of the 3 proxies has answered.',
          failures: [],
          dead: [],
          waits: [],
          proxies: [],
          hosts: [],
          wallMs: 0,
          series: { spanMs: 1_000, spans: [] },
          latencyMs: { p50: null, p95: null, p99: null },
          folder: null,
        }),
      ),
    )
    expect(text).toContain('It failed: None of the 3 proxies has answered.'.slice(11))
  })
})

describe('scales', () => {
  test('begin at zero, end at or above the most, and have round ticks in order', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1e12, noNaN: true }), (most) => {
        const { ticks, most: end } = scaleTo(most)
        expect(ticks[0]).toBe(0)
        expect(end).toBeGreaterThanOrEqual(most * (1 - 1e-9))
        expect(ticks.length).toBeLessThanOrEqual(12)
        expect([...ticks].sort((a, b) => a - b)).toEqual(ticks)
      }),
    )
  })

  test('times have few ticks at round moments, from a second to a year', () => {
    for (const ms of [0, 1, 900, 60_000, 3_600_000, 86_400_000, 31_536_000_000]) {
      const { ticks } = timeScale(ms)
      expect(ticks.length).toBeGreaterThanOrEqual(1)
      expect(ticks.length).toBeLessThanOrEqual(10)
    }
  })
})
