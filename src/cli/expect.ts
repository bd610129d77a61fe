import { parseDuration } from '../base/duration.ts'
import { formatBytes, formatCount, formatDuration } from '../base/format.ts'
import type { CrawlSummary } from '../contracts/crawl.ts'
import { UsageError } from './command-failure.ts'

/**
 * `--expect 'items>=100,success>=0.95'`: what the totals of a crawl must be for a script to be content. Read before anything
 * is asked, so that a mistake costs nothing; checked against the summary, however the crawl ends.
 */
export interface Expectation {
  /** As it was typed, without blanks. */
  readonly text: string
  readonly name: string
  readonly operator: Operator
  readonly value: number
}

export interface Checked {
  readonly expectation: string
  /** Undefined where nothing was measured: then it is missed. */
  readonly actual: number | undefined
  /** The same for people, with its unit. */
  readonly shown: string
  readonly kept: boolean
}

type Operator = keyof typeof operators
type Unit = 'count' | 'share' | 'ms' | 'bytes' | 'ratio'

const operators = {
  '>=': (a: number, b: number) => a >= b,
  '<=': (a: number, b: number) => a <= b,
  '!=': (a: number, b: number) => a !== b,
  '==': (a: number, b: number) => a === b,
  '>': (a: number, b: number) => a > b,
  '<': (a: number, b: number) => a < b,
}

interface Measure {
  readonly unit: Unit
  read(summary: CrawlSummary): number | undefined
}

const count = (
  name: { [Key in keyof CrawlSummary]: CrawlSummary[Key] extends number ? Key : never }[keyof CrawlSummary],
): Measure => ({
  unit: 'count',
  read: (summary) => summary[name],
})

/** Given up for good. A page that is not there is an answer. */
const deadOf = ({ failed, gone }: CrawlSummary) => failed - gone
const fetchedOf = ({ pages, earlier }: CrawlSummary) => pages - (earlier?.pages ?? 0)

const measures: Readonly<Record<string, Measure>> = {
  pages: count('pages'),
  items: count('items'),
  edges: count('edges'),
  failed: count('failed'),
  gone: count('gone'),
  dead: { unit: 'count', read: deadOf },
  'set-aside': count('setAside'),
  skipped: count('skipped'),
  unchanged: count('unchanged'),
  empty: count('empty'),
  corrected: count('corrected'),
  contested: count('contested'),
  marked: count('marked'),
  left: count('queued'),
  success: {
    unit: 'share',
    read: (summary) => {
      const good = summary.pages + summary.unchanged + summary.gone
      return share(good, good + deadOf(summary))
    },
  },
  attempts: count('attempts'),
  hedges: count('hedges'),
  'attempts-per-page': { unit: 'ratio', read: (summary) => share(summary.attempts, fetchedOf(summary)) },
  bytes: { unit: 'bytes', read: ({ bytes }) => bytes },
  'bytes-per-page': { unit: 'bytes', read: (summary) => share(summary.bytes, fetchedOf(summary)) },
  wall: { unit: 'ms', read: ({ wallMs }) => wallMs },
  rate: { unit: 'ratio', read: (summary) => share(fetchedOf(summary) * 1_000, summary.wallMs) },
  p50: { unit: 'ms', read: ({ latencyMs }) => latencyMs.p50 },
  p95: { unit: 'ms', read: ({ latencyMs }) => latencyMs.p95 },
  p99: { unit: 'ms', read: ({ latencyMs }) => latencyMs.p99 },
  proxies: { unit: 'count', read: ({ proxies }) => proxies.total },
  working: { unit: 'count', read: ({ proxies }) => proxies.healthy - proxies.untried },
  failing: { unit: 'count', read: ({ proxies }) => proxies.failing },
  lying: { unit: 'count', read: ({ trust }) => trust.convictions },
  hosts: { unit: 'count', read: ({ hosts }) => Object.keys(hosts).length },
}

const expectNames = Object.keys(measures)

/** `setAside` is as good as `set-aside`: the summary in JSON writes it so. */
function measureOf(typed: string): Measure | undefined {
  const plain = (name: string) => name.replaceAll('-', '').toLowerCase()
  const name = expectNames.find((each) => plain(each) === plain(typed))
  return name === undefined ? undefined : measures[name]
}

/** Throws UsageError that names what is wrong and what there is. */
export function parseExpectations(texts: readonly string[]): Expectation[] {
  return texts.flatMap((text) => text.split(',').map((part) => parseOne(part, text)))
}

function parseOne(part: string, whole: string): Expectation {
  // Between two commas stands nothing that could be named.
  const typed = part.trim() === '' ? whole : part
  const text = part.replaceAll(/\s+/g, '')
  const [, name, operator, value] = /^([\w-]*)(>=|<=|!=|==|=|>|<|)(.*)$/s.exec(text) ?? []
  if (!name || !operator || !value) {
    throw new UsageError(
      `--expect "${typed}": expected name, operator and value, in quotes because a shell reads > itself: --expect 'items>=100,success>=95%'.`,
    )
  }
  const measure = measureOf(name)
  if (!measure) {
    throw new UsageError(`--expect "${typed}": there is no "${name}". There are ${expectNames.join(', ')}.`)
  }
  if (!(operator in operators)) {
    throw new UsageError(
      `--expect "${typed}": "${operator}" is no operator. There are ${Object.keys(operators).join(' ')}.`,
    )
  }
  const number = readers[measure.unit](value)
  if (number === undefined || !(number >= 0)) {
    throw new UsageError(`--expect "${typed}": "${value}" is no ${wanted[measure.unit]}.`)
  }
  return { text, name, operator: operator as Operator, value: number }
}

const wanted: Readonly<Record<Unit, string>> = {
  count: 'number, such as 100 or 2k',
  ratio: 'number, such as 1.5',
  share: 'share, such as 0.95 or 95%',
  ms: 'duration with its unit, such as 500ms, 10s or 5m',
  bytes: 'size, such as 500kB, 5MB or 2GiB',
}

const readers: Readonly<Record<Unit, (text: string) => number | undefined>> = {
  count: (text) => scaled(text, { '': 1, k: 1e3, M: 1e6 }),
  ratio: (text) => scaled(text.replace(/\/s$/, ''), { '': 1 }),
  share: readShare,
  ms: (text) => (/[a-z]/i.test(text) ? (parseDuration(text) ?? undefined) : undefined),
  bytes: (text) =>
    scaled(
      text.replace(/^([\d._]+)([a-z]+)$/i, (_, number: string, unit: string) => number + unit.toLowerCase()),
      {
        '': 1,
        b: 1,
        kb: 1e3,
        mb: 1e6,
        gb: 1e9,
        tb: 1e12,
        kib: 1024,
        mib: 1024 ** 2,
        gib: 1024 ** 3,
        tib: 1024 ** 4,
      },
    ),
}

function readShare(text: string): number | undefined {
  const number = text.endsWith('%')
    ? (scaled(text.slice(0, -1), { '': 1 }) ?? Number.NaN) / 100
    : scaled(text, { '': 1 })
  return number !== undefined && number <= 1 ? number : undefined
}

function scaled(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, number, unit] = /^(\d[\d_]*(?:\.\d+)?)([a-z]*)$/i.exec(text) ?? []
  const scale = unit === undefined || !Object.hasOwn(units, unit) ? undefined : units[unit]
  return scale === undefined ? undefined : Number(number!.replaceAll('_', '')) * scale
}

export function checkExpectations(expectations: readonly Expectation[], summary: CrawlSummary): Checked[] {
  return expectations.map(({ text, name, operator, value }) => {
    const actual = measureOf(name)!.read(summary)
    const shown = actual === undefined ? 'nothing was measured' : withUnit(actual, measureOf(name)!.unit)
    return {
      expectation: text,
      actual,
      shown,
      kept: actual !== undefined && operators[operator](actual, value),
    }
  })
}

/** A line for each, those that were missed first. */
export function expectLines(checked: readonly Checked[]): string[] {
  const line = ({ expectation, actual, shown, kept }: Checked) =>
    `${kept ? 'kept  ' : 'missed'}    ${expectation}: ${actual === undefined ? shown : `it is ${shown}`}`
  return [...checked.filter(({ kept }) => !kept), ...checked.filter(({ kept }) => kept)].map(line)
}

function withUnit(value: number, unit: Unit): string {
  switch (unit) {
    case 'count':
      return formatCount(value)
    case 'ms':
      return formatDuration(value)
    case 'bytes':
      return formatBytes(value)
    case 'share':
      // Never rounded to what was asked for.
      return `${(Math.floor(value * 10_000) / 100).toFixed(2)} %`
    case 'ratio':
      return value.toFixed(2)
  }
}

function share(part: number, whole: number): number | undefined {
  return whole > 0 ? part / whole : undefined
}
