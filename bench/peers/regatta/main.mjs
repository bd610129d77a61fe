/**
 * Regatta as its README shows it: `crawler.fetch`, default options. It is not told what a good page looks like, how many
 * proxies are bad, or what the host allows. Two things are set: politeness is lifted where the host has no limits (as
 * every other peer's is), and an attempt may take as long as the other peers' (the default allows more).
 */
import { createCrawler } from '../../../src/index.ts'
import { isOwnPage } from '../shared/own-page.mjs'
import { fetchAll, onStage } from '../shared/stage.mjs'

await onStage('this working tree', async (job) => {
  const crawler = await createCrawler({
    proxies: job.proxies,
    seed: job.seed,
    timeouts: { total: job.attemptMs },
    ...(!job.polite && { politeness: false }),
  })
  const result = await fetchAll(job, async (url) => {
    const response = await crawler.fetch(url)
    const text = await response.text()
    if (response.status !== 200) return 'failed'
    return isOwnPage(text, url) ? 'good' : 'bad'
  })
  const { attempts, verdicts } = crawler.stats()
  return { ...result, attempts, notes: verdicts }
})
