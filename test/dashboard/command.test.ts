import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { DemoView } from '../../scripts/dashboard/demo-view.ts'
import { systemClock } from '../../src/base/clock.ts'
import { relayTo } from '../../src/cli/dashboard-relay.ts'
import { writeAddress } from '../../src/dashboard/address-file.ts'
import type { DeadGroups, Hello, RequestList, SavedPage } from '../../src/dashboard/protocol.ts'
import { serveDashboard } from '../../src/dashboard/serve-dashboard.ts'
import { lockState } from '../../src/state/folder-lock.ts'
import { createTerminal, type Terminal } from '../cli/terminal.ts'
import { listen, startOrigin } from '../transport/world.ts'
import { act, ask, get, watch } from './viewer.ts'

/** `regatta crawl --dashboard` and `regatta dashboard DIR`, as they are typed. */
let site: string
beforeEach(async () => {
  const { port } = await startOrigin(({ url = '' }, response) => {
    const page = Number(/^\/(\d*)$/.exec(url)?.[1])
    if (Number.isNaN(page) || page > last) return void response.writeHead(404).end()
    if (page === last) return void response.writeHead(302, { location: url }).end()
    const links = [1, 2, 3].map((n) => `<a href="/${Math.min(last, page * 3 + n)}">more</a>`)
    const body = `<title>Page ${page}</title><p>The text of page ${page}.</p>${links.join(' ')}`
    setTimeout(() => response.writeHead(200, { 'content-type': 'text/html' }).end(body), 30)
  })
  site = `http://127.0.0.1:${port}`
})

/** The last page leads to itself, and is given up. */
const last = 40

async function folder(): Promise<string> {
  const cwd = await mkdtemp(join(tmpdir(), 'regatta-dashboard-'))
  onTestFinished(() => rm(cwd, { recursive: true, force: true }))
  return cwd
}

/** Where it says that its dashboard is. */
async function shownBy({ stderr }: Terminal) {
  const url = await vi.waitFor(() => {
    const [, found] = /^Dashboard: (http:\S+)$/m.exec(stderr()) ?? []
    expect(found).toBeDefined()
    return new URL(found!)
  }, 20_000)
  return { port: Number(url.port), token: url.searchParams.get('token')!, url: url.href }
}

/** The folder of the crawl that has been begun there. */
async function crawlIn(cwd: string): Promise<string> {
  return vi.waitFor(async () => {
    const [name] = await readdir(join(cwd, '.regatta'))
    expect(await readdir(join(cwd, '.regatta', name!))).toContain(`${name}.db`)
    return join(cwd, '.regatta', name!)
  }, 10_000)
}

const words = () => ['crawl', `${site}/`, '--direct', '--no-politeness', '--quiet']

describe('regatta crawl --dashboard', () => {
  it('says where it is, shows the crawl, stays while somebody looks where that was asked for, and ends with Ctrl-C', async () => {
    const terminal = createTerminal({ cwd: await folder() })
    const ended = terminal.run(...words(), '--no-state', '--dashboard', '--dashboard-stay')
    const dashboard = await shownBy(terminal)
    const viewer = await watch(dashboard)
    const overview = await viewer.until('overview', ({ state }) => state === 'ended')
    expect(overview.totals.pages).toBeGreaterThan(30)
    await vi.waitFor(() => expect(terminal.stderr()).toContain('stays while somebody looks'))
    const { body } = await ask(dashboard, { path: '/api/report' })
    expect(body).toContain('regatta-saved')
    terminal.signal()
    // One page was given up.
    expect(await ended).toBe(3)
    await viewer.ended
    expect(terminal.listeners()).toBe(0)
  })

  it('ends with its crawl where nobody asked for more', async () => {
    const terminal = createTerminal({ cwd: await folder() })
    const ended = terminal.run(...words(), '--no-state', '--dashboard')
    const dashboard = await shownBy(terminal)
    // One page was given up.
    expect(await ended).toBe(3)
    await expect(ask(dashboard)).rejects.toThrow()
  })

  it('refuses a port that is none, and what says nothing without --dashboard', async () => {
    for (const [given, sentence] of [
      [['--dashboard', '--dashboard-port', 'http'], 'Expected a port from 0 to 65535'],
      [['--open'], '--open needs --dashboard.'],
      [['--dashboard-stay'], '--dashboard-stay needs --dashboard.'],
    ] as const) {
      const terminal = createTerminal({ cwd: await folder() })
      expect(await terminal.run(...words(), '--no-state', ...given)).toBe(2)
      expect(terminal.stderr()).toContain(sentence)
    }
  })
})

describe('regatta dashboard DIR', () => {
  it('shows a crawl that runs as its process does, presses its buttons, and goes on from the folder when it has ended', async () => {
    const cwd = await folder()
    const crawling = createTerminal({ cwd })
    const ended = crawling.run(...words(), '--dashboard', '--concurrency', '1')
    const live = await shownBy(crawling)
    const dir = await crawlIn(cwd)
    const file = join(dir, 'dashboard.json')
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
      ...{ port: live.port, token: live.token },
      pid: process.pid,
    })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const looking = createTerminal({ cwd })
    const left = looking.run('dashboard', dir)
    const dashboard = await shownBy(looking)
    const viewer = await watch(dashboard)
    const hello: Hello = await viewer.until('hello')
    expect([hello.source, hello.can]).toEqual([
      'live',
      expect.arrayContaining(['isolate', 'pauseHost', 'drain']),
    ])
    expect(await act(dashboard, { action: 'pause' })).toMatchObject({ ok: true })
    await viewer.until('overview', ({ held }) => held === 'paused')
    // The other one's token opens nothing here.
    const stranger = { authorization: `Bearer ${live.token}` }
    expect((await ask(dashboard, { path: '/api/dead', headers: stranger })).status).toBe(401)
    await act(dashboard, { action: 'resume' })
    // One page was given up.
    expect(await ended).toBe(3)
    await viewer.ended
    await expect(stat(file)).rejects.toThrow()
    const { overview, dead, requests } = await get<SavedPage>(dashboard, '/api/snapshot')
    expect(overview).toMatchObject({ state: 'ended', endedAt: expect.any(Number) })
    expect(overview.totals.pages).toBeGreaterThan(30)
    expect(overview.series.at.length).toBeGreaterThan(0)
    expect(dead.groups).toMatchObject([{ count: 1, example: `${site}/${last}` }])
    expect(requests.rows.length).toBeGreaterThan(0)
    const after = await watch(dashboard)
    expect((await after.until('hello')).can).toEqual(['retryDead'])
    expect(await act(dashboard, { action: 'pause' })).toMatchObject({ status: 409, code: 'UNAVAILABLE' })
    expect(await act(dashboard, { action: 'retryDead', reason: dead.groups[0]!.reason })).toMatchObject({
      ok: true,
      done: 1,
    })
    expect(await get<DeadGroups>(dashboard, '/api/dead')).toMatchObject({ total: 0 })
    const list = await get<RequestList>(dashboard, '/api/requests?end=failed')
    expect(list.rows.every(({ end }) => end === 'failed')).toBe(true)
    looking.signal()
    expect(await left).toBe(0)
    const status = createTerminal({ cwd })
    await status.run('status', dir)
    expect(status.stdout()).toContain('1 request of 1 host')
  })

  it('has no buttons for a crawl that runs without a dashboard, and none for a file that a killed process has left', async () => {
    const cwd = await folder()
    const crawling = createTerminal({ cwd })
    const ended = crawling.run(...words(), '--concurrency', '1')
    const dir = await crawlIn(cwd)
    const looking = createTerminal({ cwd })
    const left = looking.run('dashboard', dir)
    const dashboard = await shownBy(looking)
    const viewer = await watch(dashboard)
    expect(await viewer.until('hello')).toMatchObject({ source: 'folder', can: [] })
    expect((await viewer.until('overview')).state).toBe('running')
    expect(await act(dashboard, { action: 'retryDead', all: true })).toMatchObject({ status: 409 })
    await ended
    looking.signal()
    expect(await left).toBe(0)
  })

  it('turns live by itself when a process begins to work there', async () => {
    const cwd = await folder()
    const begun = createTerminal({ cwd })
    await begun.run(...words(), '--max-pages', '2')
    const dir = await crawlIn(cwd)
    const looking = createTerminal({ cwd })
    const left = looking.run('dashboard', dir)
    const dashboard = await shownBy(looking)
    const viewer = await watch(dashboard)
    expect(await viewer.until('hello')).toMatchObject({ source: 'folder' })
    const resuming = createTerminal({ cwd })
    const ended = resuming.run(...words(), '--dashboard', '--dashboard-stay', '--concurrency', '1')
    // Sent away without a goodbye: a page comes back by itself.
    await viewer.ended
    expect(viewer.of('bye')).toEqual([])
    const again = await watch(dashboard)
    expect(await again.until('hello')).toMatchObject({ source: 'live' })
    resuming.signal()
    await ended
    looking.signal()
    expect(await left).toBe(0)
  })

  it('goes on from the folder when the process there is killed in the middle of an answer, and asks no stranger', async () => {
    const dir = await folder()
    const lock = await lockState(dir)
    onTestFinished(() => lock.release())
    const { port } = await listen(
      createServer((socket) => {
        socket.on('error', () => {})
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nevent: ')
          setTimeout(() => socket.resetAndDestroy(), 20)
        })
      }),
    )
    const dashboard = await serveDashboard(new DemoView(3, 'folder', systemClock), {}, relayTo(dir))
    onTestFinished(() => dashboard.close())
    const address = { port, token: 'of-a-process-that-works' }
    await writeAddress(dir, { ...address, pid: process.pid })
    const viewer = await watch(dashboard)
    await viewer.ended
    // The next one to work there has no dashboard, and somebody else has the port of the one that was killed.
    await writeAddress(dir, { ...address, pid: process.pid + 1 })
    expect(await (await watch(dashboard)).until('hello')).toMatchObject({ source: 'folder' })
  })

  it('names the folders where one was given that holds no crawl', async () => {
    const terminal = createTerminal({ cwd: await folder() })
    expect(await terminal.run('dashboard', '.')).toBe(2)
    expect(terminal.stderr()).toContain('holds no crawl')
  })
})
