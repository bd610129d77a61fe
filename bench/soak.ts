import { createCrawler } from '../src/index.ts'
import { findScenario, startLabProcess } from '../src/lab/index.ts'
import { load } from './overhead.ts'
import { type Report, share } from './report.ts'

/**
 * Does anything grow? 200,000 requests through the clean twenty; the heap after a collection and the open sockets are
 * read eleven times, the first reading after warm-up being the yardstick. Needs `--expose-gc`, which the script gives.
 */
export async function soak(report: Report, { requests = 200_000 } = {}): Promise<void> {
  await using lab = await startLabProcess(findScenario('clean-20'))
  const url = `${Object.values(lab.origins)[0]!.url}/bytes/2048`
  await using crawler = await createCrawler({ proxies: [...lab.proxies], politeness: false })
  const one = async () => {
    const response = await crawler.fetch(url)
    await response.arrayBuffer()
  }
  const readings: { heap: number; sockets: number }[] = []
  const rows: string[][] = []
  const step = requests / 10
  for (let done = 0; done <= 10; done++) {
    await load(one, done === 0 ? step : step, 64)
    globalThis.gc?.()
    const heap = process.memoryUsage().heapUsed / 2 ** 20
    const sockets = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
    readings.push({ heap, sockets })
    rows.push([((done + 1) * step).toLocaleString('en'), heap.toFixed(1), String(sockets)])
  }
  report.table('Soak: heap after collection and open sockets', ['requests', 'heap MiB', 'sockets'], rows)
  const [first, last] = [readings[1]!, readings.at(-1)!]
  report.atMost('heap at the end ÷ after warm-up', last.heap / first.heap, 1.1, share)
  report.atMost('sockets at the end', last.sockets, Math.max(128, Math.round(first.sockets * 1.2)))
}
