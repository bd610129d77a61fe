import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { systemClock } from '../../src/base/clock.ts'
import { createCrawler, defineSource } from '../../src/index.ts'
import { SimulatedTransport } from '../../src/sim/transport.ts'
import { createCsvSink } from '../../src/sink/csv.ts'
import { createJsonlSink } from '../../src/sink/jsonl.ts'
import { createSqliteSink } from '../../src/sink/sqlite.ts'
import { numberOf, proxyList } from '../faults/simulation.ts'

/**
 * One life of a crawl over eight exits, two of which lie from a moment on when they have been found honest: `audited-crawl.ts FOLDER
 * COUNT`. That is found out when the crawl is audited before its end. It says so when an audit begins, and when a later life begins; then it
 * may be killed.
 */
const [folder = '', count = '0'] = process.argv.slice(2)
const to = (name: string) => join(folder, name)
const turned = to('turned')
const wasTurned = existsSync(turned)
let isTurned = wasTurned
const liars = new Set([2, 5])

const pages = defineSource({
  name: 'pages',
  params: z.object({ count: z.number() }),
  item: z.object({ title: z.string() }),
  robots: false,
  *seeds(params) {
    for (let n = 0; n < params.count; n++) yield `http://target.test/${n}`
  },
  *parse(page) {
    yield page.item({ title: /<h1>(.*)<\/h1>/.exec(page.text())?.[1] ?? '' })
  },
})

const documentOf = (title: string) => `<html><title>${title}</title><h1>${title}</h1><p>${title}.</p></html>`

const transport = new SimulatedTransport(systemClock, {
  attempt: (call) => ({
    afterMs: 15,
    phase: 'body',
    next: () => {
      const path = new URL(call.request.url).pathname
      const exit = numberOf(call)
      const isLie = isTurned && liars.has(exit)
      return {
        afterMs: 0,
        headers: { 'content-type': 'text/html' },
        body: documentOf(isLie ? `sold by ${exit}: ${path}` : `page ${path}`),
      }
    },
  }),
})

const crawler = await createCrawler({
  ...{ proxies: proxyList(8), transport, state: to('state'), concurrency: 8 },
  ...{ politeness: false, hedge: false, strategy: 'round-robin' },
})
let done = 0
crawler.on('request.done', () => {
  if (isTurned || ++done < Number(count) * 0.7) return
  isTurned = true
  writeFileSync(turned, '')
})
const sinks = [
  createJsonlSink({ to: to('items.jsonl') }),
  createCsvSink({ to: to('items.csv') }),
  createSqliteSink({ to: to('items.sqlite') }),
]
const crawl = crawler.crawl(pages, { count: Number(count) }, { sinks })
let isAudited = false
crawler.on('attempt.started', ({ task }) => {
  if (isAudited || !task.includes('-audit-')) return
  isAudited = true
  console.log('audit')
})
crawler.on('crawl.state', ({ to }) => {
  if (to === 'running' && wasTurned) console.log('resumed')
})
const { pages: fetched, items, askedAgain, corrected, trust, ending } = await crawl.run()
console.log(JSON.stringify({ pages: fetched, items, askedAgain, corrected, audits: trust.audits, ending }))
await crawler.stop()
process.exit()
