import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { site } from '../../plugins/site.ts'
import { createCrawler } from '../../src/face/crawler.ts'
import { createFleet, fleetSize } from './fleet.ts'
import { type Hit, nginx } from './servers/nginx.ts'
import type { RealProxy } from './servers/proxy.ts'
import { freePorts } from './servers/server.ts'

/** What came of it: what the crawl handed out, and what the origin wrote down. */
export interface Voyage {
  readonly items: readonly { readonly path: string; readonly status: number; readonly title: string }[]
  readonly hits: readonly Hit[]
  /** Paths, one for each attempt that was started. */
  readonly attempts: readonly string[]
  /** Addresses that the proxies leave from, and of those that died and came back. */
  readonly egresses: ReadonlySet<string>
  readonly revived: ReadonlyMap<string, { readonly hitsBefore: number }>
  readonly deadLetters: readonly { readonly url: string; readonly detail: string }[]
}

/** Crawls what nginx serves from `root` through the fleet, some of which dies and comes back on the way. */
export async function crawlThroughFleet(root: string, signal: AbortSignal): Promise<Voyage> {
  await using stack = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'regatta-real-'))
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  chmodSync(folder, 0o755) // some servers give up being root

  const [originPort, ...proxyPorts] = await freePorts(1 + fleetSize)
  const origin = nginx(folder, originPort!, root)
  const fleet = createFleet(folder, proxyPorts)
  for (const { server } of [origin, ...fleet]) await stack.use(server).start()

  const crawler = stack.use(
    await createCrawler({
      // Every second one without its scheme: it has to be found out.
      proxies: fleet.map(({ url }, index) => (index % 2 === 0 ? url : url.replace(/^\w+:\/\//, ''))),
      concurrency: 12,
      politeness: { interval: 20, hostConcurrency: 64 },
      breaker: { base: 200 },
      hedge: { minDelay: 2_000 },
      seed: 1,
    }),
  )
  const attempts: string[] = []
  const asked = new Map<string, string>()
  crawler.on('task.accepted', ({ task, url }) => void asked.set(task, new URL(url).pathname))
  crawler.on('attempt.started', ({ task }) => void attempts.push(asked.get(task) ?? task))

  const revived = new Map<string, { hitsBefore: number }>()
  const revive = async ({ server, egress }: RealProxy) => {
    await server.start()
    revived.set(egress, { hitsBefore: (await origin.hits()).filter(({ from }) => from === egress).length })
  }
  const [socks, , , withPassword, , , http, , squid] = fleet
  const incidents = new Map<number, () => Promise<unknown>>([
    [60, () => Promise.all([socks!.server.kill(), http!.server.kill()])],
    [100, () => Promise.all([withPassword!.server.kill(), squid!.server.kill()])],
    [150, () => Promise.all([revive(socks!), revive(http!)])],
    [200, () => Promise.all([revive(withPassword!), revive(squid!)])],
  ])

  const items: Voyage['items'][number][] = []
  const crawl = crawler.crawl(site, { start: `http://127.0.0.1:${originPort}/index.html` }, { signal })
  for await (const { url, status, title } of crawl) {
    items.push({ path: new URL(url).pathname, status, title })
    await incidents.get(items.length)?.()
  }
  const { deadLetters } = await crawl.done
  const egresses = new Set(fleet.map(({ egress }) => egress))
  return { items, hits: await origin.hits(), attempts, egresses, revived, deadLetters }
}
