import { createHash } from 'node:crypto'
import { createServer as createHttpServer } from 'node:http'
import { connect, createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { DemoView } from '../../scripts/dashboard/demo-view.ts'
import { delay, systemClock } from '../../src/base/clock.ts'
import { jsonInMarkup } from '../../src/dashboard/page-file.ts'
import { serveDashboard } from '../../src/dashboard/serve-dashboard.ts'
import { LoopbackGate } from '../../src/observe/loopback-gate.ts'
import { listen } from '../transport/world.ts'
import { act, ask, get, type Viewer, watch } from './viewer.ts'

/** Who may look, and act; and what hostile texts do: nothing. The demonstration's texts are hostile. */
async function open() {
  const view = new DemoView(200, 'running', systemClock)
  const dashboard = await serveDashboard(view)
  onTestFinished(() => dashboard.close())
  return { view, dashboard }
}

const paths = ['/', '/api/stream', '/api/snapshot', '/api/report', '/api/proxy?id=x', '/api/dead', '/nowhere']

describe('the dashboard', () => {
  it('answers nobody without its token, whatever is asked for', async () => {
    const { dashboard } = await open()
    const none = { authorization: '' }
    for (const path of paths) {
      const { status, body } = await ask(dashboard, { path, headers: none })
      expect([status, JSON.parse(body).code], path).toEqual([401, 'TOKEN'])
    }
    const wrong = { authorization: `Bearer ${dashboard.token}x` }
    expect((await ask(dashboard, { path: '/api/snapshot', headers: wrong })).status).toBe(401)
    expect((await ask(dashboard, { path: '/?token=', headers: none })).status).toBe(401)
    const posted = { method: 'POST', path: '/api/action', body: '{"action":"pause"}' }
    expect((await ask(dashboard, { ...posted, headers: none })).status).toBe(401)
    expect((await fetch(dashboard.url)).status).toBe(200)
  })

  it('answers to no other name, and to no page of somebody else, also with the token', async () => {
    const { dashboard } = await open()
    const { port } = dashboard
    for (const path of paths) {
      for (const host of [
        `rebound.example:${port}`,
        '127.0.0.1',
        `127.0.0.1:${port + 1}`,
        `evil.localhost:${port}`,
      ])
        expect((await ask(dashboard, { path, headers: { host } })).status, `${path} ${host}`).toBe(421)
      for (const origin of [
        'https://evil.example',
        'null',
        `http://127.0.0.1:${port + 1}`,
        `https://127.0.0.1:${port}`,
      ])
        expect((await ask(dashboard, { path, headers: { origin } })).status, `${path} ${origin}`).toBe(403)
    }
    const origin = `http://localhost:${port}`
    expect((await ask(dashboard, { path: '/api/dead', headers: { origin } })).status).toBe(200)
    const { headers } = await ask(dashboard, { path: '/api/dead' })
    expect(headers).not.toHaveProperty('access-control-allow-origin')
    expect(headers).not.toHaveProperty('set-cookie')
  })

  it('answers to its name as a browser writes it where it listens at port 80', () => {
    const gate = new LoopbackGate({}, { thisIs: 'This is a test', call: 'test()' })
    gate.port = 80
    const refusalOf = (headers: Record<string, string>) =>
      gate.refusalOf({ url: `/?token=${gate.token}`, headers })
    expect(refusalOf({ host: '127.0.0.1', origin: 'http://127.0.0.1' })).toBeUndefined()
    expect(refusalOf({ host: 'localhost' })).toBeUndefined()
    expect(refusalOf({ host: 'rebound.example' })).toMatchObject({ status: 421 })
    expect(refusalOf({ host: '127.0.0.1', origin: 'https://127.0.0.1' })).toMatchObject({ status: 403 })
  })

  it('goes on when the machine cannot take a connection, however often', async () => {
    const server = createHttpServer()
    onTestFinished(() => void server.close())
    await new LoopbackGate({}, { thisIs: 'This is a test', call: 'test()' }).listen(server)
    for (let n = 0; n < 3; n++)
      server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }))
    expect(server.listening).toBe(true)
  })

  it('takes actions as JSON that is posted, and nothing else', async () => {
    const { dashboard, view } = await open()
    const path = '/api/action'
    const json = { 'content-type': 'application/json' }
    const post = (body: string, headers: Record<string, string> = json) =>
      ask(dashboard, { path, method: 'POST', headers, body })
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await ask(dashboard, { path })).status).toBe(405)
    expect(
      (await ask(dashboard, { path: '/api/snapshot', method: 'POST', headers: json, body: '{}' })).status,
    ).toBe(405)
    expect((await post('{"action":"pause"}', form)).status).toBe(400)
    expect((await post('{"action":"pause"}', { 'content-type': 'text/plain' })).status).toBe(400)
    for (const body of [
      '',
      '[]',
      'null',
      '{"action":"explode"}',
      '{"action":"isolate"}',
      '{"action":"isolate","proxies":[]}',
      '{"action":"isolate","proxies":"all"}',
      '{"action":"pause","__proto__":{"action":"drain"}}x',
      '{"action":"retryDead"}',
      '{"action":"retryDead","all":true,"reason":"blocked"}',
      JSON.stringify({ action: 'isolate', proxies: Array.from({ length: 1_001 }, (_, n) => `p${n}`) }),
      `{"action":"pauseHost","host":"${'x'.repeat(300_000)}"}`,
    ])
      expect((await post(body)).status, body.slice(0, 60)).toBe(400)
    expect(view.overview().state).toBe('running')
    expect(await act(dashboard, { action: 'pause' })).toMatchObject({ status: 200, ok: true })
    expect(view.overview().state).toBe('paused')
  })

  it('serves one page under a policy that runs its own script alone, in nobody’s frame', async () => {
    const { dashboard } = await open()
    const { headers, body } = await ask(dashboard)
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe|https?:|\*/)
    for (const [, script = ''] of body.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g))
      expect(policy).toContain(createHash('sha256').update(script).digest('base64'))
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    })
    expect(body).not.toMatch(/(src|href)="(https?:)?\/\//)
  })

  it('keeps hostile titles, URLs and items as data, in the stream and in the saved page', async () => {
    const { dashboard } = await open()
    const viewer = await watch(dashboard)
    await viewer.until('dead')
    // One line of data for each event, whatever the texts say.
    for (const line of viewer.text().split('\n')) expect(line).toMatch(/^(event: \w+|data: .*|)$/)
    const { headers, body } = await ask(dashboard, { path: '/api/report' })
    expect(headers['content-disposition']).toContain('attachment')
    expect(headers['content-type']).toContain('text/html')
    const [, data = ''] =
      /<script type="application\/json" id="regatta-saved">([\s\S]*?)<\/script>/.exec(body) ?? []
    const saved = JSON.parse(data)
    expect(saved.dead.groups.map(({ reason }: { reason: string }) => reason)).toContain(
      '<img src=x onerror=alert(1)></script>\u2028',
    )
    expect(saved.overview.can).toEqual([])
    expect(Object.keys(saved.details).length).toBeGreaterThan(10)
    expect(body).not.toContain('<img src=x')
    expect(body.match(/\u2028|\u2029/)).toBeNull()
    expect(body).toContain('<meta http-equiv="Content-Security-Policy"')
    expect(jsonInMarkup({ a: '</script><!--' })).not.toContain('<')
    const snapshot = await ask(dashboard, { path: '/api/snapshot' })
    expect(snapshot.headers['content-type']).toContain('application/json')
  })

  it('bears what is no HTTP, a path that is none, and a parameter that is no number', async () => {
    const { dashboard } = await open()
    const { port, token } = dashboard
    for (const text of ['GET //?token= HTTP/1.1\r\nhost: x\r\n\r\n', 'nonsense\r\n\r\n', '\0\0\0']) {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      socket.end(text)
    }
    expect((await ask(dashboard, { path: '//' })).status).toBe(404)
    expect((await ask(dashboard, { path: '/api/../../etc/passwd' })).status).toBe(404)
    expect((await ask(dashboard, { path: '/api/proxy?id=__proto__' })).status).toBe(404)
    expect((await ask(dashboard, { path: '/api/requests?limit=-1&end=%00' })).status).toBe(200)
    expect(await get<{ letters: unknown[] }>({ port, token }, '/api/dead/letters?offset=1e99')).toMatchObject(
      {
        letters: [],
      },
    )
  })

  it('takes a bounded number of pages', async () => {
    const { dashboard } = await open()
    const viewers: Viewer[] = []
    for (let n = 0; n < 8; n++) viewers.push(await watch(dashboard))
    expect(dashboard.clients).toBe(8)
    const refused = await ask(dashboard, { path: '/api/stream' })
    expect([refused.status, JSON.parse(refused.body).code]).toEqual([503, 'FULL'])
    viewers[0]!.leave()
    // One that only looks whether it is there takes no place.
    expect((await ask(dashboard, { path: '/api/stream', method: 'HEAD' })).status).toBe(200)
    await expect.poll(() => dashboard.clients).toBe(7)
    await watch(dashboard)
  })

  it('refuses a port that is none or taken, and a token that is too short', async () => {
    const { port } = await listen(createServer())
    const view = new DemoView(1, 'empty', systemClock)
    for (const [options, sentence] of [
      [{ port: 70_000 }, '"port" must be a whole number from 0 to 65535'],
      [{ port }, `port ${port} is taken by another program`],
      [{ token: 'short' }, '"token" must be at least 16 letters and digits'],
      [{ token: 'with spaces and more' }, '"token" must be'],
    ] as const)
      await expect(serveDashboard(view, options)).rejects.toThrow(sentence)
  })
})

describe('pages that come at the same time', () => {
  it('are told of every proxy, also where the first is still waited for', async () => {
    class SlowView extends DemoView {
      async refresh() {
        await delay(systemClock, 100)
      }
    }
    const dashboard = await serveDashboard(new SlowView(50, 'running', systemClock))
    onTestFinished(() => dashboard.close())
    const viewers = await Promise.all([watch(dashboard), watch(dashboard)])
    for (const viewer of viewers)
      await viewer.until('proxies', (told) => told.kind === 'whole' && told.id.length === 50)
  })
})
