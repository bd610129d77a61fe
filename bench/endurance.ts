import { readdirSync } from 'node:fs'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { createCrawler, defineSource } from '../src/index.ts'
import { findScenario, startLabProcess } from '../src/lab/index.ts'
import { createJsonlSink } from '../src/sink/index.ts'
import { type Report, share } from './report.ts'

/**
 * Does anything grow in a crawl that lasts? A million requests through the clean twenty with the state on disk and a file
 * behind it; the process is read eleven times, the first reading after a tenth being the yardstick. What must grow is the
 * file: its output, and some thirty bytes for each page that is known. Needs `--expose-gc`, which the script gives.
 */
const numbers = defineSource({
  name: 'numbers',
  params: z.object({ base: z.string(), count: z.number() }),
  item: z.object({ n: z.number() }),
  *seeds({ base, count }) {
    for (let n = 0; n < count; n++) yield { url: `${base}/bytes/512?n=${n}`, data: n }
  },
  *parse(page) {
    yield page.item({ n: page.request.data as number })
  },
})

export async function endurance(report: Report, { requests = 1_000_000 } = {}): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'regatta-endurance-'))
  try {
    await using lab = await startLabProcess(findScenario('clean-20'))
    await using crawler = await createCrawler({
      proxies: [...lab.proxies],
      politeness: false,
      state: join(folder, 'state'),
    })
    const base = lab.origins.site!.url
    const options = { robots: false, sinks: [createJsonlSink({ to: join(folder, 'out.jsonl') })] }
    const crawl = crawler.crawl(numbers, { base, count: requests }, options)
    const readings: Reading[] = []
    const step = requests / 10
    let pages = 0
    const begun = performance.now()
    crawler.on('item', () => {
      if (++pages % step === 0) readings.push(read(pages, begun))
    })
    const summary = await crawl.run()
    const files = await sizes(folder)
    report.table(
      `Endurance: ${requests.toLocaleString('en')} requests with their state on disk`,
      ['requests', 'seconds', 'heap MiB', 'RSS MiB', 'sockets', 'open files'],
      readings.map(({ pages, seconds, heap, rss, sockets, descriptors }) => [
        pages.toLocaleString('en'),
        seconds.toFixed(0),
        heap.toFixed(1),
        rss.toFixed(0),
        String(sockets),
        String(descriptors),
      ]),
    )
    const [first, last] = [readings[0]!, readings.at(-1)!]
    report.atMost('heap at the end ÷ after a tenth', last.heap / first.heap, 1.1, share)
    report.atMost('RSS at the end ÷ after a tenth', last.rss / first.rss, 1.25, share)
    report.atMost('sockets at the end', last.sockets, 128)
    report.atMost('open files at the end ÷ after a tenth', last.descriptors / first.descriptors, 1.2, share)
    report.atMost('pages lost', requests - summary.pages, 0)
    report.atMost('bytes of state a page', files.state / requests, 60, (value) => value.toFixed(1))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Reading {
  readonly pages: number
  readonly seconds: number
  readonly heap: number
  readonly rss: number
  readonly sockets: number
  readonly descriptors: number
}

function read(pages: number, begun: number): Reading {
  globalThis.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  const resources = process.getActiveResourcesInfo()
  return {
    pages,
    seconds: (performance.now() - begun) / 1_000,
    heap: heapUsed / 2 ** 20,
    rss: rss / 2 ** 20,
    sockets: resources.filter((name) => name === 'TCPSocketWrap').length,
    descriptors: openFiles(),
  }
}

/** Linux only; elsewhere what the runtime knows of. */
function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return process.getActiveResourcesInfo().length
  }
}

async function sizes(folder: string): Promise<{ state: number }> {
  let state = 0
  for (const name of await readdir(join(folder, 'state'))) {
    if (name.includes('.db')) state += (await stat(join(folder, 'state', name))).size
  }
  return { state }
}
