import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import {
  type Crawler,
  type CrawlerEvent,
  createCrawler,
  defineSource,
  type RegattaError,
  type Sink,
} from '../../src/index.ts'
import { type Lab, startLab } from '../../src/lab/index.ts'

let lab: Lab
let crawler: Crawler

const proxies = [
  { name: 'good', count: 3 },
  { name: 'dead', count: 2, fault: 'dead' as const },
]

beforeEach(async () => {
  lab = await startLab({ origins: { site: { site: { pages: 12 } } }, proxies })
  crawler = await createCrawler({ proxies: [...lab.proxies], politeness: false, seed: 1, hedge: false })
})
afterEach(async () => {
  await crawler.stop()
  await lab.close()
})

const sink: Sink = { name: 'kept', async open() {}, async write() {}, async close() {} }

const source = (origin: string) =>
  defineSource({
    name: 'pages',
    params: z.object({}),
    item: z.object({ url: z.string() }),
    robots: false,
    *seeds() {
      yield `${origin}/`
    },
    admit: ({ url }) => (url.endsWith('/page/3') ? { reason: 'scope', detail: 'not wanted' } : undefined),
    *parse(page) {
      yield page.item({ url: page.url })
      yield page.follow('a')
    },
  })

async function crawlAll(): Promise<void> {
  await crawler.crawl(source(lab.origins.site!.url), {}, { sinks: [sink] }).run()
}

async function readAll(events: AsyncIterable<CrawlerEvent>): Promise<CrawlerEvent[]> {
  const all: CrawlerEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

it('tells a request’s way from its being found to its item being stored, in the order of the steps', async () => {
  const reading = readAll(crawler.events())
  await crawlAll()
  await crawler.stop()
  const events = await reading
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, at) => at + 1))
  const times = events.map(({ at }) => at)
  expect(times).toEqual(times.toSorted((one, other) => one - other))
  const found = events.filter((event) => event.type === 'request.found')
  expect(found.length).toBe(12)
  expect(found[0]).toMatchObject({ depth: 0, foundOn: undefined })
  expect(found[1]).toMatchObject({ depth: 1, foundOn: `${lab.origins.site!.url}/` })
  for (const { request, url } of found) {
    const own = events.filter((event) => 'request' in event && event.request === request)
    const types = own
      .map(({ type }) => type)
      .filter((type) => !/attempt|outcome|parked|waits|held|judged/.test(type))
    const isSkipped = url.endsWith('/page/3')
    expect(types).toEqual(
      isSkipped
        ? ['request.found', 'request.taken', 'request.skipped']
        : [
            'request.found',
            'request.taken',
            'task.accepted',
            'task.settled',
            'item',
            'request.done',
            'request.stored',
          ],
    )
    if (isSkipped) continue
    const started = own.filter(({ type }) => type === 'attempt.started').length
    expect(started).toBeGreaterThan(0)
    expect(own.filter(({ type }) => type === 'outcome').length).toBe(started)
    expect(own.at(-1)!.type).toMatch(/request\.(stored|done)/)
  }
})

it('is only of the types that were asked for, and each is typed by its name', async () => {
  const stream = crawler.events({ types: ['request.stored'] })
  const reading = readAll(stream)
  await crawlAll()
  await crawler.stop()
  const events = await reading
  expect(new Set(events.map(({ type }) => type))).toEqual(new Set(['request.stored']))
  for (const event of events)
    if (event.type === 'request.stored') expect(event).toMatchObject({ sinks: ['kept'], records: 1 })
})

it('drops the oldest when its reader is too slow, says how many in their place, and holds nothing up', async () => {
  const stream = crawler.events({ buffer: 5 })
  await crawlAll()
  await crawler.stop()
  expect(stream.dropped).toBeGreaterThan(20)
  const events = await readAll(stream)
  const [first, second] = events
  expect(first).toMatchObject({ type: 'dropped', count: stream.dropped, sequence: stream.dropped })
  expect(second!.sequence).toBe(stream.dropped + 1)
  expect(events.length).toBe(6)
})

it('costs nothing when its reader has left, and what is built for nobody is not built', async () => {
  const stream = crawler.events()
  expect(crawler.isHeard('outcome')).toBe(true)
  const fetched = crawler.fetch(`${lab.origins.site!.url}/page/1`)
  for await (const event of stream) {
    expect(event.type).toBe('task.accepted')
    break
  }
  await fetched
  expect(crawler.isHeard('outcome')).toBe(false)
})

it('ends with the crawler; what is asked for later has ended already', async () => {
  const reading = readAll(crawler.events())
  await crawler.stop()
  expect(await reading).toEqual([])
  expect(await readAll(crawler.events())).toEqual([])
})

it('tells no password of a URL', async () => {
  const reading = readAll(crawler.events())
  await crawler.fetch(`${lab.origins.site!.url}/page/1?token=S3CRET`)
  await crawler.stop()
  expect(JSON.stringify(await reading)).not.toContain('S3CRET')
})

it.each([{ buffer: 0 }, { buffer: 1.5 }, { types: ['outcom'] }, null])('refuses %o', (options) => {
  let thrown: RegattaError | undefined
  try {
    crawler.events(options as never)
  } catch (error) {
    thrown = error as RegattaError
  }
  expect(thrown).toMatchObject({ code: 'OPTION_INVALID' })
})
