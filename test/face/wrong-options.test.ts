import { describe, expect, it } from 'vitest'
import { site } from '../../plugins/site.ts'
import { createCrawler } from '../../src/face/crawler.ts'

/** What a newcomer types wrong, and the sentence that says what to type instead. */
const make = (options: unknown) => createCrawler(options as never)

describe('createCrawler', () => {
  it.each([
    ['nothing', undefined],
    ['a file name alone', 'proxies.txt'],
    ['a list alone', ['http://192.0.2.1:80']],
  ])('with %s says that it needs proxies or direct', async (_, options) => {
    const sentence = /createCrawler needs options: \{ proxies: .*direct: true/
    await expect(make(options)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringMatching(sentence),
    })
  })

  it('with no way out names both', async () => {
    await expect(make({})).rejects.toThrow(/proxies.*direct/s)
  })

  it.each<[string, object, RegExp]>([
    [
      'a strategy',
      { strategy: 'best' },
      /"strategy": expected one of "thompson", .*"least-used", or a Strategy, with pick\(\) \(got "best"\)/,
    ],
    [
      'an interval',
      { politeness: { interval: '5' } },
      /"politeness\.interval": expected a number \(got "5"\)/,
    ],
    ['an option in the wrong place', { interval: 5 }, /"interval": it stands in "politeness"/],
    ['a switch', { hedge: 'on' }, /"hedge": expected false, or an object \(got "on"\)/],
    ['a preset', { preset: 'fast' }, /there are datacenter, .*dev/],
    [
      'a typing error',
      { concurency: 5 },
      /"concurency": there is no such option\. Did you mean "concurrency"\?/,
    ],
    [
      'a deep one',
      { politeness: { intervall: 5 } },
      /"politeness\.intervall": .*Did you mean "politeness\.interval"\?/,
    ],
    [
      'a filter',
      { use: { contry: 'DE' } },
      /"use\.contry": there is no such option\. Did you mean "use\.country"\?/,
    ],
    [
      'a list of objects',
      { prices: [{ perGB: 2 }, { perGb: 3 }] },
      /"prices\.1\.perGb": .*Did you mean "prices\.1\.perGB"\?/,
    ],
    [
      'one of several ways to say it',
      { proxies: [{ from: 'list.txt', tags: { contry: 'DE' } }] },
      /"proxies\.0\.tags\.contry": .*Did you mean "proxies\.0\.tags\.country"\?/,
    ],
    [
      'a name that has to be there and is misspelt',
      { health: { echos: ['https://a.test/', 'https://b.test/'] } },
      /"health\.echos": .*Did you mean "health\.echoes"\?/,
    ],
    ['what nobody knows', { zzz: 5 }, /"zzz": there is no such option\. There are preset, proxies, /],
    ['a big integer', { concurrency: 5n }, /"concurrency": expected a number \(got 5n\)/],
    ['a user agent of two lines', { userAgent: 'bot\n' }, /"userAgent": expected a value of one line/],
    ['a user agent in Cyrillic', { userAgent: 'бот' }, /"userAgent": expected the characters of Latin-1/],
    ['a header in Cyrillic', { headers: { from: 'бот' } }, /"headers\.from": expected the characters of/],
    [
      'a user agent of one host',
      { hosts: { 'a.test': { userAgent: 'b\0t' } } },
      /"hosts\.a\.test\.userAgent": expected no control characters/,
    ],
    ['a host', { hosts: { 'a.test': { strategy: 'best' } } }, /"hosts\.a\.test\.strategy": expected one of/],
  ])('names %s that is wrong, and the choices', async (_, options, sentence) => {
    await expect(make({ direct: true, ...options })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringMatching(sentence),
    })
  })

  it('takes a user agent in Latin-1', async () => {
    await using crawler = await make({ direct: true, userAgent: 'café/1.0' })
    expect(crawler.stats().tasks).toBeDefined()
  })

  it('repeats nothing that may be a password', async () => {
    const proxies = ['http://bob:S3CRET@192.0.2.1:80']
    for (const options of [
      { proxies, typo: 1 },
      { proxyes: proxies },
      { pasword: 'S3CRET' },
      { headers: { a: ['S3CRET'] } },
    ]) {
      const error: unknown = await make(options).catch((thrown: unknown) => thrown)
      expect(`${error} ${JSON.stringify(error)}`).not.toContain('S3CRET')
    }
  })
})

describe('crawl', () => {
  it.each<[string, unknown[], RegExp]>([
    [
      'an empty object',
      [{}],
      /A source is an object with name, params, item, seeds, parse, as defineSource makes it/,
    ],
    ['nothing', [], /A source is an object .* \(got nothing\)/],
    ['a URL', ['https://example.com/'], /crawl\(site, \{ start: /],
    ['params that lack one', [site, {}], /Param "start" of source "site": expected at least one URL/],
    [
      'an option of another name',
      [site, { start: 'https://a.test' }, { maxpages: 3 }],
      /Did you mean "maxPages"/,
    ],
  ])('with %s says what it takes', async (_, given, sentence) => {
    await using crawler = await make({ direct: true })
    const crawl = crawler.crawl.bind(crawler) as (...all: unknown[]) => unknown
    expect(() => crawl(...given)).toThrow(sentence)
  })
})
