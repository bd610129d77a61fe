/**
 * Crawlee's request queue on disk with the same web: so many URLs discovered, page by page, then some taken and handled.
 * Sizes double until one takes longer than the limit; each that was finished is a line of JSON.
 * `crawlee.mjs FOLDER FIRST LIMIT_MS HOSTS`.
 */
import { createRequire } from 'node:module'
import { setTimeout as delay } from 'node:timers/promises'
import { Web } from './web.ts'

const [folder, first, limitMs, hosts] = process.argv.slice(2)
const peer = new URL('../peers/crawlee/package.json', import.meta.url)
const { Configuration, log, RequestQueue } = createRequire(peer)('@crawlee/http')
const { version } = createRequire(peer)('@crawlee/http/package.json')
log.setLevel(log.LEVELS.OFF)
const configuration = new Configuration({
  persistStorage: true,
  purgeOnStart: false,
  storageClientOptions: { localDataDirectory: folder },
})
const pagesAtOnce = 16

for (let size = Number(first); ; size *= 2) {
  const begun = performance.now()
  const isLate = () => performance.now() - begun > Number(limitMs)
  const queue = await RequestQueue.open(`queue-${size}`, { config: configuration })
  const web = new Web(Number(hosts))
  let added = 0
  const page = async () => {
    while (added < size && !isLate()) {
      const links = web.page().map(({ request: { id, url } }) => ({ url, uniqueKey: id }))
      const { processedRequests } = await queue.addRequests(links)
      added += processedRequests.filter(({ wasAlreadyPresent }) => !wasAlreadyPresent).length
    }
  }
  await Promise.all(Array.from({ length: pagesAtOnce }, page))
  const discovered = performance.now() - begun
  // Two pages that add one link at a time may both be told that it was new: there are a few fewer.
  const sample = Math.min(Math.floor(added * 0.9), 2_000)
  const takes = []
  const settling = performance.now()
  for (let settled = 0; settled < sample && !isLate(); settled++) {
    const start = performance.now()
    let request = await queue.fetchNextRequest()
    // Nothing, while it reads its head again.
    for (; !request && !isLate(); request = await queue.fetchNextRequest()) await delay(5)
    if (!request) break
    takes.push(performance.now() - start)
    await queue.markRequestHandled(request)
  }
  if (isLate()) break
  takes.sort((one, other) => one - other)
  const figures = {
    version,
    size: added,
    discoverPerSecond: (added / discovered) * 1_000,
    settlePerSecond: (sample / (performance.now() - settling)) * 1_000,
    takeP99: takes[Math.floor(takes.length * 0.99)],
    peakBytes: process.resourceUsage().maxRSS * 1_024,
  }
  console.log(JSON.stringify(figures))
}
process.exit(0)
