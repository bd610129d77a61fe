import { expect, test } from 'vitest'
import { quotes } from '../../plugins/quotes.ts'
import { createCrawler } from '../../src/index.ts'
import { quotesOf } from '../../src/lab/emulations/quote-site.ts'
import { findScenario, startLab } from '../../src/lab/index.ts'
import { collect } from '../source/fixtures.ts'

test('a site of quotes comes home whole, through good proxies and bad ones', {
  timeout: 60_000,
}, async () => {
  const scenario = findScenario('quotes')
  await using lab = await startLab(scenario)
  await using crawler = await createCrawler({ proxies: [...lab.proxies], politeness: { interval: 20 } })
  const base = 'http://quotes.lab/'
  const all = await collect(crawler.crawl(quotes, { base }))
  const known = quotesOf({ seed: scenario.seed!, size: undefined })
  expect(all.map(({ text, author, tags }) => ({ text, author, tags }))).toEqual(known)
  const ofTag = await collect(crawler.crawl(quotes, { base, tag: 'sea' }))
  expect(ofTag.map(({ text }) => text)).toEqual(
    known.filter(({ tags }) => tags.includes('sea')).map(({ text }) => text),
  )
})
