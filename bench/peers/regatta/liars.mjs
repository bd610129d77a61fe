/**
 * Regatta with default options, but for the interval that every client is set to. A crawl writes JSON Lines and is judged by
 * what stands in that file when it has ended; single addresses are asked for by `crawler.fetch`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { createCrawler, defineSource } from '../../../src/index.ts'
import { createJsonlSink } from '../../../src/sink/index.ts'
import { onStage } from '../shared/stage.mjs'

const pages = defineSource({
  name: 'pages',
  params: z.object({ urls: z.array(z.string()) }),
  item: z.object({ url: z.string(), body: z.string(), isMarked: z.boolean() }),
  *seeds({ urls }) {
    yield* urls
  },
  *parse(page) {
    yield page.item({ url: page.url, body: page.text(), isMarked: isDoubtful(page.trust) })
    const { host } = new URL(page.url)
    const links = page.links().links.map(({ url }) => url)
    yield page.follow(links.filter((url) => new URL(url).host === host))
  },
})

const isDoubtful = (trust) => trust === 'unproven' || trust === 'contested'

await onStage('regatta, this working tree', async ({ proxies, urls, follow, interval }) => {
  await using crawler = await createCrawler({ proxies, politeness: { interval } })
  const found = follow ? await crawl(crawler, urls) : await fetchAll(crawler, urls)
  const givenUp = crawler
    .proxies()
    .filter(({ trust }) => trust === 'lies')
    .map(({ id }) => /[\d.]+:\d+/.exec(id)[0])
  return { pages: found, givenUp }
})

async function crawl(crawler, urls) {
  const folder = mkdtempSync(join(tmpdir(), 'regatta-liars-'))
  try {
    const path = join(folder, 'pages.jsonl')
    await crawler.crawl(pages, { urls }, { sinks: [createJsonlSink({ to: path })] }).run()
    const lines = readFileSync(path, 'utf8').trim().split('\n')
    // An item of a host about which exits contradict each other says so.
    return lines.map((line) => {
      const { url, body, isMarked, _trust } = JSON.parse(line)
      return { url, body, isMarked: isMarked || _trust !== undefined }
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function fetchAll(crawler, urls) {
  const found = []
  const left = urls.values()
  const worker = async () => {
    for (const url of left) {
      const response = await crawler.fetch(url).catch(() => undefined)
      if (!response?.ok) continue
      const body = await response.text()
      found.push({ url: response.url, body, isMarked: isDoubtful(response.trust) })
    }
  }
  await Promise.all(Array.from({ length: 20 }, worker))
  return found
}
