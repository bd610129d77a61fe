/** Regatta's `site` as `regatta crawl URL --direct` runs it, each case a crawl of one crawler, some at a time. */
import { readFileSync } from 'node:fs'
import { site } from '../../../plugins/site.ts'
import { createCrawler } from '../../../src/index.ts'
import { onStage } from '../shared/stage.mjs'

await onStage('this working tree', async ({ cases, capMs, ca }) => {
  const got = []
  const notes = {}
  const politeness = { interval: 0 }
  await using crawler = await createCrawler({
    direct: true,
    ca: readFileSync(ca, 'utf8'),
    politeness,
    seed: 1,
  })
  const one = async ({ id, start, marker }) => {
    const crawl = crawler.crawl(site, { start }, { maxPages: 20, signal: AbortSignal.timeout(capMs) })
    const seen = []
    for await (const item of crawl) {
      seen.push(`${item.status} ${item.text.slice(0, 40)}`)
      if (!item.text.includes(marker)) continue
      got.push(id)
      break
    }
    const { deadLetters = [] } = await crawl.done.catch(() => ({}))
    if (!got.includes(id)) notes[id] = deadLetters[0]?.detail ?? `read: ${seen.join(', ')}`
  }
  let next = 0
  const worker = async () => {
    while (next < cases.length) {
      const each = cases[next++]
      await one(each).catch((error) => {
        notes[each.id] = String(error)
      })
    }
  }
  await Promise.all(Array.from({ length: 24 }, worker))
  return { got, notes }
})
