import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { systemClock } from '../../src/base/clock.ts'
import { createCrawler, defineSource } from '../../src/index.ts'
import { SimulatedTransport } from '../../src/sim/transport.ts'
import { createCsvSink } from '../../src/sink/csv.ts'
import { createJsonlSink } from '../../src/sink/jsonl.ts'
import { createSqliteSink } from '../../src/sink/sqlite.ts'
import { driveTrust } from '../crawl/hand-driven-trust.ts'
import { numberOf, proxyList } from '../faults/simulation.ts'

/**
 * One life of a crawl whose first exit lies: `corrected-crawl.ts FOLDER COUNT [contested]`. In its first life the liar is found when half
 * of the pages are there, or with `contested` only that one of the two lies; then, and when a later life begins, it says so and may be killed.
 */
const [folder = '', count = '0', how = 'lies'] = process.argv.slice(2)
const isContest = how === 'contested'
const [liar, honest] = proxyList(2) as [string, string]
const mark = join(folder, 'found')
let isFound = existsSync(mark)
const trust = driveTrust()

/** Every lie reads the same. */
const pages = defineSource({
  name: 'pages',
  params: z.object({ count: z.number() }),
  item: z.object({ title: z.string() }),
  robots: false,
  *seeds(params) {
    for (let n = 0; n < params.count; n++) yield `http://target.test/${n}`
  },
  *parse(page) {
    yield page.item({ title: page.text() })
  },
})

const transport = new SimulatedTransport(systemClock, {
  attempt: (call) => ({
    afterMs: 12,
    phase: 'body',
    next: () => ({
      afterMs: 0,
      headers: { 'content-type': 'text/plain' },
      body:
        numberOf(call) === 1 && (isContest || !isFound)
          ? 'a notice'
          : `page ${new URL(call.request.url).pathname}`,
    }),
  }),
})

const crawler = await createCrawler({
  ...{ proxies: [liar, honest], transport, state: join(folder, 'state'), concurrency: 4 },
  ...{ politeness: false, hedge: false, strategy: 'round-robin' },
})
if (isFound && !isContest) crawler.isolate(liar, 'lies')
let done = 0
crawler.on('request.done', () => {
  if (isFound || ++done < Number(count) / 2) return
  isFound = true
  if (isContest) trust.contested('target.test')
  else {
    crawler.isolate(liar, 'lies')
    trust.convicted(liar)
  }
  tell()
})

/** When what is to be corrected is in the state. */
function tell(): void {
  systemClock.after(25, () => {
    if (trust.isRecalling) return tell()
    writeFileSync(mark, '')
    console.log('ready')
  })
}

const to = (name: string) => join(folder, name)
const sinks = [
  createJsonlSink({ to: to('items.jsonl') }),
  createCsvSink({ to: to('items.csv') }),
  createSqliteSink({ to: to('items.sqlite') }),
]
const crawl = crawler.crawl(pages, { count: Number(count) }, { sinks })
crawler.on('crawl.state', ({ to }) => {
  if (to === 'running' && isFound) console.log('ready')
})
const { pages: fetched, items, askedAgain, corrected, marked, ending } = await crawl.run()
console.log(JSON.stringify({ pages: fetched, items, askedAgain, corrected, marked, ending }))
await crawler.stop()
process.exit()
