import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { site } from '../../plugins/site.ts'
import type {
  DeadGroups,
  DeadPage,
  ProxyColumns,
  ProxyDetail,
  RequestDetail,
  RequestList,
  SavedPage,
} from '../../src/dashboard/protocol.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'
import { openLabScene } from '../faults/lab-scene.ts'
import { act, get, watch } from './viewer.ts'

/** The dashboard of a live crawler, in the lab, with real sockets on both sides. */
async function open(options: CrawlerOptions = {}, proxies = 3) {
  const scene = await openLabScene(
    {
      origins: {
        one: { site: { pages: 60, linksPerPage: 6, missing: 2 }, latency: 10 },
        two: { site: { pages: 12 }, latency: 10 },
      },
      proxies: [{ name: 'good', count: proxies }],
    },
    { politeness: false, ...options },
  )
  const dashboard = await scene.crawler.dashboard()
  onTestFinished(() => scene[Symbol.asyncDispose]())
  const { crawler, lab } = scene
  const start = (name: 'one' | 'two') => `${lab.origins[name]!.url}/`
  const fetch = (name: 'one' | 'two') => crawler.fetch(`${start(name)}bytes/10`)
  return { ...scene, dashboard, start, fetch }
}

describe('the dashboard of a crawler', () => {
  it('tells a page that comes late what was before, and then each second what has changed', async () => {
    const { crawler, dashboard, start } = await open()
    const { pages } = await crawler.crawl(site, { start: [start('one')] }).run()
    const viewer = await watch(dashboard)
    const first = await viewer.until('dead')
    expect(viewer.heard.slice(0, 5).map(({ kind }) => kind)).toEqual([
      'hello',
      'overview',
      'hosts',
      'proxies',
      'dead',
    ])
    expect(first.groups).toEqual([])
    const [overview] = viewer.of('overview')
    expect(overview).toMatchObject({ state: 'ended', totals: { pages, failed: 0 }, fleet: { total: 3 } })
    expect(overview!.crawls).toMatchObject([{ id: 'site-1', source: 'site', state: 'finished', pages }])
    expect(overview!.ending).toContain('has been done')
    const { series, steps } = overview!
    const seconds = (series.at.length * series.spanMs) / 1_000
    const answered = series.answered.reduce((sum, each) => sum + each, 0)
    expect(answered).toBeGreaterThanOrEqual(pages / (seconds + 1))
    expect(series.p95.some((each) => each !== null && each > 0)).toBe(true)
    expect(steps.map(({ step }) => step)).toHaveLength(10)
    expect(steps.find(({ step }) => step === 'parse')).toMatchObject({ now: 0, passed: pages })
    const table = viewer.of('hosts')[0]!
    expect(table.rows[0]).toMatchObject({ host: 'one.lab', state: 'serving', isPaused: false })
    expect(table.rows[0]!.verdicts.success).toBeGreaterThan(pages / 2)
    const [columns] = viewer.of('proxies') as [ProxyColumns]
    expect(columns.id.toSorted()).toEqual(
      crawler
        .proxies()
        .map(({ id }) => id)
        .toSorted(),
    )
    const next = await viewer.until(
      'overview',
      ({ series: { from } }) => from > 0 || viewer.of('overview').length > 3,
    )
    expect(next.series.spanMs).toBe(1_000)
  })

  it('shows a proxy that is isolated by a button at once, with its machine, its weights and its hosts; and readmits it', async () => {
    const { crawler, dashboard, fetch } = await open()
    for (let n = 0; n < 9; n++) await fetch('one')
    const viewer = await watch(dashboard)
    await viewer.until('dead')
    const { id } = crawler.proxies()[0]!
    expect(await act(dashboard, { action: 'isolate', proxies: [id] })).toMatchObject({ ok: true, done: 1 })
    const moved = await viewer.until('transition', ({ to }) => to === 'isolated')
    expect(moved).toMatchObject({ proxy: id, from: 'closed', host: null, reason: 'by hand' })
    expect(crawler.proxies().find((each) => each.id === id)?.state).toBe('isolated')
    const delta = await viewer.until('proxies', (each) => each.kind === 'delta' && each.state.includes(3))
    const [columns] = viewer.of('proxies') as [ProxyColumns]
    expect(delta.kind === 'delta' && delta.rows.map((row) => columns.id[row])).toContain(id)
    for (let n = 0; n < 6; n++) await fetch('one')
    const detail = await get<ProxyDetail>(dashboard, `/api/proxy?id=${encodeURIComponent(id)}`)
    const [row] = crawler.reputation().filter((each) => each.proxy === id && each.host === undefined)
    expect(detail).toMatchObject({ state: 'isolated', reason: 'by hand', tags: {} })
    expect(detail.posterior!.alpha).toBeCloseTo(row!.alpha, 2)
    expect(detail.hosts.map(({ host }) => host)).toEqual(['one.lab'])
    expect(detail.transitions[0]).toMatchObject({ to: 'isolated', host: null })
    expect(detail.outcomes.every(({ verdict }) => verdict === 'success')).toBe(true)
    expect(detail.outcomes.length).toBe(detail.attempts)
    expect(await act(dashboard, { action: 'readmit', proxies: [id] })).toMatchObject({ ok: true })
    await viewer.until('transition', ({ to }) => to === 'closed')
    expect(crawler.proxies().find((each) => each.id === id)?.state).toBe('closed')
    expect(await act(dashboard, { action: 'isolate', proxies: ['nobody'] })).toMatchObject({
      status: 409,
      code: 'PROXY_UNKNOWN',
    })
  })

  it('pauses one host while others go on, and lets it go on', async () => {
    const { crawler, dashboard, fetch } = await open()
    await fetch('two')
    expect(await act(dashboard, { action: 'pauseHost', host: 'one.lab' })).toMatchObject({ ok: true })
    let isBack = false
    const waiting = fetch('one').then(() => (isBack = true))
    await vi.waitFor(() => expect(crawler.hostStats('one.lab')).toMatchObject({ isPaused: true, waiting: 1 }))
    for (let n = 0; n < 5; n++) await fetch('two')
    expect(isBack).toBe(false)
    const viewer = await watch(dashboard)
    const table = await viewer.until('hosts')
    expect(table.rows[0]).toMatchObject({ host: 'one.lab', isPaused: true, waiting: 1, waitingFor: 'paused' })
    const { attention } = await viewer.until('overview')
    expect(attention.map(({ sentence }) => sentence)).toContain('one.lab is paused by hand. 1 request waits.')
    expect(await act(dashboard, { action: 'resumeHost', host: 'one.lab' })).toMatchObject({ ok: true })
    await waiting
  })

  it('pauses all, and drains: what is under way is finished', async () => {
    const { crawler, dashboard, start } = await open()
    const viewer = await watch(dashboard)
    const crawl = crawler.crawl(site, { start: [start('one')] })
    const ended = crawl.run()
    await vi.waitFor(() => expect(crawl.progress().pages).toBeGreaterThan(2))
    await act(dashboard, { action: 'pause' })
    await viewer.until('overview', ({ state, held }) => state === 'paused' && held === 'paused')
    await act(dashboard, { action: 'resume' })
    await act(dashboard, { action: 'drain' })
    const { ending } = await ended
    expect(ending).toBe('interrupted')
    const overview = await viewer.until('overview', ({ state }) => state === 'ended')
    expect(overview.can).toEqual(['retryDead'])
    expect(await act(dashboard, { action: 'pause' })).toMatchObject({ status: 409, code: 'UNAVAILABLE' })
  })

  it('groups what was given up by reason, shows the answer and its body, and tries it again while the crawl runs', async () => {
    const { crawler, dashboard, lab, start } = await open({ budgets: { target: 1 } })
    await lab.control.takeDown('two', 500)
    const viewer = await watch(dashboard)
    const crawl = crawler.crawl(
      site,
      { start: [start('one'), start('two')], sitemaps: false },
      { robots: false },
    )
    const ended = crawl.run()
    await vi.waitFor(() => expect(crawl.progress().pages).toBeGreaterThan(2))
    // Nothing else goes on, so that the crawl does not end meanwhile.
    crawler.pause('one.lab')
    const { groups } = await viewer.until('dead', ({ total }) => total > 0)
    const [{ reason, count, example }] = groups as [DeadGroups['groups'][number]]
    expect([reason, count, example]).toEqual(['target-faults', 1, start('two')])
    const { total, letters } = await get<DeadPage>(dashboard, `/api/dead/letters?reason=${reason}`)
    expect(total).toBe(1)
    expect(letters[0]).toMatchObject({ crawl: 'site-1', url: start('two'), heads: [{ status: 500 }] })
    expect(letters[0]!.body).toContain('500')
    expect(crawl.progress().failed).toBe(1)
    await lab.control.bringUp('two')
    expect(await act(dashboard, { action: 'retryDead', reason })).toMatchObject({ ok: true, done: 1 })
    await vi.waitFor(() => expect(crawler.hostStats('two.lab')?.succeeded).toBeGreaterThan(5), 10_000)
    crawler.resume('one.lab')
    const { failed, gone, pages } = await ended
    expect(failed - gone).toBe(0)
    expect(pages).toBeGreaterThan(60)
    expect(
      (await get<DeadGroups>(dashboard, '/api/dead')).groups.every(
        ({ reason: left }) => left === 'status-404',
      ),
    ).toBe(true)
  })

  it('lists requests with those under way first, and explains one', async () => {
    const { dashboard, fetch, crawler } = await open()
    await fetch('one')
    crawler.pause('two.lab')
    const waiting = fetch('two')
    const list = await vi.waitFor(async () => {
      const found = await get<RequestList>(dashboard, '/api/requests')
      expect(found.rows).toHaveLength(2)
      return found
    })
    expect(list.rows.map(({ end, host }) => [end, host])).toEqual([
      ['running', 'two.lab'],
      ['answered', 'one.lab'],
    ])
    const only = await get<RequestList>(dashboard, '/api/requests?end=answered&host=one.lab&search=bytes')
    expect(only.rows).toHaveLength(1)
    const { explanation, text } = await get<RequestDetail>(
      dashboard,
      `/api/request?which=${list.rows[1]!.task}`,
    )
    expect(explanation.timeline.map(({ step }) => step)).toContain('outcome')
    expect(text).toContain(list.rows[1]!.url)
    crawler.resume('two.lab')
    await waiting
  })

  it('counts the pages of all crawls, also of those that it shows no more', async () => {
    const { crawler, dashboard, start } = await open()
    let pages = 0
    for (let n = 0; n < 22; n++) {
      const given = { start: [start('two')], sitemaps: false }
      const crawl = crawler.crawl(site, given, { robots: false, maxPages: 1 })
      pages += (await crawl.run()).pages
    }
    const { overview } = await get<SavedPage>(dashboard, '/api/snapshot')
    expect(overview.crawls).toHaveLength(20)
    expect([pages, overview.totals.pages]).toEqual([22, 22])
    expect(overview.steps.find(({ step }) => step === 'parse')).toMatchObject({ passed: 22 })
  })

  it('is one of several that all see the same, and goes on when another is closed', async () => {
    // One proxy: nobody is hedged with, or compared.
    const { crawler, dashboard, fetch } = await open({}, 1)
    const another = await crawler.dashboard()
    const verdictsIn = async (shown: typeof dashboard) =>
      (await get<SavedPage>(shown, '/api/snapshot')).hosts.rows[0]?.verdicts
    await fetch('one')
    expect(await verdictsIn(dashboard)).toEqual({ success: 1 })
    expect(await verdictsIn(another)).toEqual({ success: 1 })
    await another.close()
    await fetch('one')
    expect(await verdictsIn(dashboard)).toEqual({ success: 2 })
  })

  it('can still be opened while the crawler drains, and not when it has stopped', async () => {
    const { crawler } = await open()
    await crawler.drain()
    const late = await crawler.dashboard()
    expect(await get<SavedPage>(late, '/api/snapshot')).toMatchObject({ overview: { state: 'idle' } })
    await crawler.stop()
    await expect(get(late, '/api/snapshot')).rejects.toThrow()
    await expect(crawler.dashboard()).rejects.toMatchObject({ code: 'STOPPED' })
  })

  it('leaves its port free where its address cannot be kept in the state', async () => {
    const state = await mkdtemp(join(tmpdir(), 'regatta-dashboard-'))
    onTestFinished(() => rm(state, { recursive: true, force: true }))
    const { crawler, dashboard } = await open({ state })
    const { port } = dashboard
    await dashboard.close()
    await mkdir(join(state, 'dashboard.json'))
    await expect(crawler.dashboard({ port })).rejects.toThrow('dashboard.json')
    await rm(join(state, 'dashboard.json'), { recursive: true })
    expect((await crawler.dashboard({ port })).port).toBe(port)
  })

  it('says goodbye when the crawler stops, and leaves no timer and no socket', async () => {
    const { crawler, dashboard, clock, fetch } = await open()
    await fetch('one')
    const viewer = await watch(dashboard)
    await viewer.until('dead')
    await crawler.stop()
    await viewer.ended
    expect(viewer.of('bye')).toHaveLength(1)
    expect(clock.pending).toBe(0)
    await expect(get(dashboard, '/api/snapshot')).rejects.toThrow()
    await dashboard.close()
  })
})
