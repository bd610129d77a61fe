import { describe, expect, it } from 'vitest'
import { site } from '../../plugins/site.ts'
import { defineClassifier } from '../../src/classify/define-classifier.ts'
import { openLabScene } from './lab-scene.ts'

describe('fault 8: the site answers 200 with a page that refuses', () => {
  it.each(['captcha', 'traffic', 'tiny'] as const)(
    'for 30 %% of pages and exits: none is recorded as a page (%s)',
    async (style) => {
      await using scene = await openLabScene(
        {
          origins: { site: { site: { pages: 80, linksPerPage: 6 }, softBlock: { share: 0.3, style } } },
          proxies: [{ name: 'exit', count: 10 }],
        },
        { concurrency: 10, breaker: { base: 100 } },
      )
      const items: { url: string; title: string; text: string }[] = []
      for await (const item of scene.crawler.crawl(site, {
        start: [scene.lab.origins.site!.url],
        sitemaps: false,
      }))
        items.push(item)
      expect(new Set(items.map(({ url }) => url)).size).toBe(80)
      for (const { title } of items) expect(title).toMatch(/^Page \d+: /)
      expect(
        scene.log.outcomes.filter(({ verdict }) => verdict === 'blocked' || verdict === 'challenge').length,
      ).toBeGreaterThan(10)
      // A refusal of one page by some exits opened nobody for the whole fleet.
      expect(scene.log.proxyStates.filter(({ host, to }) => host === undefined && to === 'open')).toEqual([])
      await scene.end()
    },
  )

  it('a classifier of one’s own turns a success into a refusal, and another exit brings the page', async () => {
    const picky = defineClassifier({
      name: 'picky',
      classify: (exchange) =>
        exchange.kind === 'response' && new TextDecoder().decode(exchange.body).includes('unusual traffic')
          ? { kind: 'blocked', reason: 'own-rule' }
          : undefined,
    })
    await using scene = await openLabScene(
      { origins: { site: { softBlock: { share: 0.5, style: 'traffic' } } }, proxies: [{ count: 8 }] },
      { classifiers: [picky], breaker: { base: 100 } },
    )
    const url = scene.lab.origins.site!.url
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, n) => scene.crawler.fetch(`${url}/bytes/${n + 100}`)),
    )
    for (const [index, answer] of answers.entries()) expect((await answer.text()).length).toBe(index + 100)
    expect(scene.log.outcomes.some(({ reason }) => reason === 'own-rule')).toBe(true)
    await scene.end()
  })
})
