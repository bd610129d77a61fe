import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { site } from '../../plugins/site.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'
import { openLabScene } from '../faults/lab-scene.ts'

/** What the dashboard's buttons do, as a program does it. */
async function open(options: CrawlerOptions = {}) {
  const scene = await openLabScene(
    {
      origins: { one: { site: { pages: 30 }, latency: 5 }, two: { site: { pages: 30 }, latency: 5 } },
      proxies: [{ name: 'good', count: 4 }],
    },
    { politeness: false, budgets: { target: 1 }, ...options },
  )
  onTestFinished(() => scene[Symbol.asyncDispose]())
  const start = (name: 'one' | 'two') => `${scene.lab.origins[name]!.url}/`
  return { ...scene, start }
}

async function all<Each>(given: AsyncIterable<Each>): Promise<Each[]> {
  const found: Each[] = []
  for await (const each of given) found.push(each)
  return found
}

describe('a host that is paused by hand', () => {
  it('is left alone while the rest of its crawl goes on, and its pages come when it is resumed', async () => {
    const { crawler, start } = await open()
    const paused: unknown[] = []
    crawler.on('host.paused', (event) => paused.push(event))
    crawler.pause('two.lab')
    crawler.pause(new URL(start('two')))
    const crawl = crawler.crawl(
      site,
      { start: [start('one'), start('two')], sitemaps: false },
      { robots: false },
    )
    const ended = crawl.run()
    await vi.waitFor(() => expect(crawl.progress().pages).toBeGreaterThanOrEqual(30), 10_000)
    expect(crawler.hostStats('two.lab')).toMatchObject({ isPaused: true, attempts: 0 })
    expect(crawler.hostStats('one.lab')).toMatchObject({ isPaused: false })
    crawler.resume('two.lab')
    const { pages } = await ended
    expect(pages).toBeGreaterThanOrEqual(60)
    expect(paused).toEqual([
      { host: 'two.lab', isPaused: true },
      { host: 'two.lab', isPaused: false },
    ])
    crawler.resume('two.lab')
    expect(paused).toHaveLength(2)
  })
})

describe('dead letters', () => {
  it('of a crawl that has ended are tried again in its next run, where it is kept', async () => {
    const state = await mkdtemp(join(tmpdir(), 'regatta-letters-'))
    onTestFinished(() => rm(state, { recursive: true, force: true }))
    const { crawler, lab, start } = await open({ state })
    await lab.control.takeDown('two', 500)
    const given = () =>
      crawler.crawl(site, { start: [start('one'), start('two')], sitemaps: false }, { robots: false })
    const crawl = given()
    const before = await crawl.run()
    expect(before.failed - before.gone).toBe(1)
    const letters = await all(crawl.deadLetters())
    expect(letters.map(({ request }) => request.url)).toContain(start('two'))
    await lab.control.bringUp('two')
    expect(await crawl.retryDead({ reason: 'nothing' })).toBe(0)
    expect(await crawl.retryDead({ reason: 'target-faults' })).toBe(1)
    const after = await given().run()
    expect(after.failed - after.gone).toBe(0)
    expect(after.pages).toBeGreaterThan(before.pages + 10)
  })

  it('of one that was kept in memory alone are gone when it has ended', async () => {
    const { crawler, start } = await open()
    const crawl = crawler.crawl(
      site,
      { start: [start('one')], sitemaps: false },
      { robots: false, maxPages: 3 },
    )
    await crawl.run()
    await expect(crawl.retryDead()).rejects.toMatchObject({ code: 'STOPPED' })
    await expect(all(crawl.deadLetters())).rejects.toMatchObject({ code: 'STOPPED' })
  })
})
