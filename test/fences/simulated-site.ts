import type { CrawlOptions, CrawlSummary } from '../../src/contracts/crawl.ts'
import type { Source } from '../../src/contracts/source.ts'
import { openScene, proxyList } from '../faults/simulation.ts'

/** A site of plain pages on virtual time, to be crawled again and again. */
export async function simulatedSite({ pages }: { pages: number }) {
  const options = { proxies: proxyList(4), politeness: false, hedge: false } as const
  const scene = await openScene(options, () => ({ afterMs: 20 }))
  return {
    clock: scene.clock,
    urls: Array.from({ length: pages }, (_, n) => `http://target.test/${n}`),
    run<Params, Item, Given, ItemInput>(
      source: Source<Params, Item, Given, ItemInput>,
      params?: Given,
      crawl: CrawlOptions = {},
    ): Promise<CrawlSummary> {
      return scene.until(new Promise((resolve) => resolve(scene.crawler.crawl(source, params, crawl).run())))
    },
    /** What was told of the user's own parts. */
    told: () =>
      scene.log.alerts.filter(({ code }) => code === 'EXTENSION_FAILED').map(({ message }) => message),
    end: () => scene.end(),
  }
}
