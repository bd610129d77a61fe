import { describe, expect, test } from 'vitest'
import { assertCrawlOptions } from '../../src/crawl/crawl-options.ts'
import { type CrawlOptions, createMemoryFrontier } from '../../src/index.ts'
import { createCallbackSink } from '../../src/sink/index.ts'

const check = (options: unknown) => () => assertCrawlOptions(options as CrawlOptions)
const invalid = (message: string, path: string) =>
  expect.objectContaining({ code: 'OPTION_INVALID', message, value: expect.objectContaining({ path }) })

/** What a user may give, alone and together. */
const good: CrawlOptions = {
  sinks: [createCallbackSink(() => {})],
  maxPages: 0,
  maxDepth: Number.POSITIVE_INFINITY,
  concurrency: 1,
  robots: false,
  maxPerHost: 5,
  block: ['ads.example', '*.ads.example'],
  traps: { depth: 5 },
  revisit: { after: 1, forever: true },
  cache: { get: async () => undefined, put: async () => {}, close: async () => {} },
  name: 'mine',
  fresh: true,
  frontier: createMemoryFrontier(),
  signal: new AbortController().signal,
}

describe('options of a crawl', () => {
  test.each(Object.entries(good))('%s may be given, or undefined', (name, value) => {
    expect(check({ [name]: value })).not.toThrow()
    expect(check({ [name]: undefined })).not.toThrow()
  })

  test('are left as they are', () => {
    const frozen = Object.freeze({ ...good, revisit: Object.freeze({ after: 5 }), traps: false as const })
    expect(check(frozen)).not.toThrow()
    expect(frozen).toEqual({ ...good, revisit: { after: 5 }, traps: false })
    expect(frozen.frontier).toBe(good.frontier)
  })

  test.each([
    [{ maxpages: 2 }, 'maxpages', 'a crawl has no such option (got 2). Did you mean "maxPages"?'],
    [{ maxPage: 2 }, 'maxPage', 'a crawl has no such option (got 2). Did you mean "maxPages"?'],
    [{ sink: {} }, 'sink', 'a crawl has no such option (got an object). Did you mean "sinks"?'],
    [
      { revisit: { after: 5, foreve: true } },
      'revisit.foreve',
      'a crawl has no such option (got true). Did you mean "revisit.forever"?',
    ],
  ])('%j is no option, and the nearest one is named', (options, path, sentence) => {
    expect(check(options)).toThrow(invalid(`Option "${path}": ${sentence}`, path))
  })

  test('an unknown option that is like no other brings the list of all', () => {
    expect(check({ proxies: ['http://user:secret@host:1'] })).toThrow(
      invalid(
        'Option "proxies": a crawl has no such option (got a list). There are sinks, maxPages, maxDepth, concurrency, robots, maxPerHost, use, block, traps, revisit, cache, name, fresh, frontier, keepTrying, contested, input, signal.',
        'proxies',
      ),
    )
  })

  test.each([
    [{ maxPages: -1 }, 'maxPages', 'expected a whole number from 0 (got -1)'],
    [{ maxPages: '5' }, 'maxPages', 'expected a whole number from 0 (got "5")'],
    [{ maxDepth: Number.NaN }, 'maxDepth', 'expected a whole number from 0 (got NaN)'],
    [{ concurrency: 0 }, 'concurrency', 'expected a whole number from 1 (got 0)'],
    [{ maxPerHost: 1.5 }, 'maxPerHost', 'expected a whole number from 1 (got 1.5)'],
    [{ revisit: { after: -1 } }, 'revisit.after', 'expected milliseconds above 0 (got -1)'],
    [
      { sinks: [{ write() {} }] },
      'sinks.0',
      'expected a Sink, with open(), write(), close() (got an object)',
    ],
    [{ cache: 'pages.db' }, 'cache', 'expected an HttpCache, with get(), put() (got "pages.db")'],
    [{ signal: {} }, 'signal', 'expected an AbortSignal, with addEventListener() (got an object)'],
    [{ traps: true }, 'traps', 'expected an object, or false (got true)'],
    [
      { frontier: {} },
      'frontier',
      'expected a Frontier, with discover(), take(), settle(), setHost(), nextDue(), revisit(), stats(), deadLetters(), flush() (got an object)',
    ],
  ])('%j is refused', (options, path, sentence) => {
    expect(check(options)).toThrow(invalid(`Option "${path}": ${sentence}.`, path))
  })

  test.each([
    [null, 'options'],
    ['site', 'options'],
    [{ revisit: 5 }, 'revisit'],
    [{ revisit: {} }, 'revisit.after'],
    [{ sinks: createCallbackSink(() => {}) }, 'sinks'],
    [{ block: [5] }, 'block.0'],
    [{ block: ['https://a.example/path'] }, 'block'],
    [{ traps: { depth: -1 } }, 'traps.depth'],
    [{ name: '' }, 'name'],
    [{ robots: 'no' }, 'robots'],
  ])('%j is refused naming "%s"', (options, path) => {
    expect(check(options)).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: expect.stringContaining(`Option "${path}": `),
      }),
    )
  })

  test('a frontier may be wrapped, and a signal come from elsewhere', () => {
    const wrapped = new Proxy(createMemoryFrontier(), {})
    const signal = { aborted: false, addEventListener() {} } as unknown as AbortSignal
    expect(check({ frontier: wrapped, signal })).not.toThrow()
  })
})
