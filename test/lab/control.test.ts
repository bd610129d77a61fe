import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startLabProcess } from '../../src/lab/child.ts'
import type { Lab } from '../../src/lab/contract.ts'
import { startLab } from '../../src/lab/lab.ts'
import type { Scenario } from '../../src/lab/scenario.ts'
import { get, getDirect, hear, until } from './client.ts'

const scenario: Scenario = {
  origins: { site: {}, safe: { tls: true } },
  proxies: [
    { name: 'a' },
    { name: 'b' },
    { name: 'hanging', fault: 'blackhole' },
    { name: 'deaf', fault: 'syn-drop' },
  ],
}

describe.each([
  ['in this process', startLab],
  ['in a process of its own', startLabProcess],
])('a lab %s', (_where, start) => {
  let lab: Lab
  beforeAll(async () => {
    lab = await start(scenario)
  })
  afterAll(() => lab.close())

  it('kills and revives a proxy on the same port', async () => {
    const { host, port } = lab.proxy('a')
    await get(lab, 'a', '/empty')
    await lab.control.kill('a')
    expect(await hear(host, port, 'x')).toBe('refused')
    expect((await get(lab, 'b', '/empty')).status).toBe(200)
    await lab.control.revive('a')
    expect((await get(lab, 'a', '/empty')).status).toBe(200)
  })

  it('changes behaviour and manners while it runs, and takes changes back', async () => {
    await lab.control.set('a', { fault: 'dead' })
    await lab.control.set('site', { windows: [{ fromMs: 0, toMs: 1e9, status: 500 }] })
    await expect(get(lab, 'a', '/empty')).rejects.toThrow()
    expect((await get(lab, 'b', '/empty')).status).toBe(500)
    await lab.control.set('a', { fault: null })
    await lab.control.set('site', { windows: null })
    expect((await get(lab, 'a', '/empty')).status).toBe(200)
  })

  it('refuses a change that makes no sense, and a name it does not have', async () => {
    const wrong = { code: 'SCENARIO_INVALID', message: expect.stringContaining('bandwidth') }
    await expect(lab.control.set('a', { bandwidth: -1 })).rejects.toMatchObject(wrong)
    await expect(lab.control.kill('nobody')).rejects.toMatchObject({ code: 'SCENARIO_INVALID' })
    expect((await get(lab, 'a', '/empty')).status).toBe(200)
  })

  it.each(['refuse', 'silent', 503] as const)('takes an origin down (%s) and brings it up', async (how) => {
    await lab.control.takeDown('site', how)
    const answer = await getDirect(lab, '/empty', { timeoutMs: 100 }).then(
      ({ status }) => status,
      (error: { code: string }) => error.code,
    )
    expect(answer).toBe(how === 503 ? 503 : how === 'refuse' ? 'ECONNREFUSED' : 'UND_ERR_HEADERS_TIMEOUT')
    await lab.control.bringUp('site')
    expect((await getDirect(lab, '/empty')).status).toBe(200)
  })

  it('empties its books on demand', async () => {
    await get(lab, 'a', '/empty')
    await lab.control.clearBooks()
    const books = await lab.books()
    expect(books.origins.site).toMatchObject({ requests: 0, rows: [], connections: 0 })
    expect(books.proxies.a).toMatchObject({ dials: 0, tunnels: 0, targets: {} })
  })

  it('leaves nothing behind when it closes, hanging sockets neither', async () => {
    const hanging = lab.proxy('hanging')
    const ended = Promise.all(
      [hanging, { host: '127.0.0.1', port: lab.origins.site!.port }].map(
        ({ host, port }) =>
          new Promise<void>((resolve) => {
            const socket = connect({ host, port })
            socket.on('connect', () => socket.write('GET /hang HTTP/1.1\r\n\r\n'))
            socket.on('error', () => {})
            socket.on('close', () => resolve())
          }),
      ),
    )
    await until(async () => {
      const books = await lab.books()
      return books.proxies.hanging!.open === 1 && books.origins.site!.rows.at(-1)?.path === '/hang'
    })
    await lab.close()
    await ended
    for (const name of lab.proxyNames()) {
      const { host, port } = lab.proxy(name)
      expect(await hear(host, port, 'x')).toBe('refused')
    }
    await lab.close()
  })
})

it('a lab in a process of its own ends with its close', async () => {
  const before = children()
  const lab = await startLabProcess(scenario)
  expect(children().length).toBe(before.length + 1)
  await lab.close()
  expect(children()).toEqual(before)
  await expect(lab.books()).rejects.toMatchObject({ code: 'STOPPED' })
})

it('a closed lab keeps no process alive', () => {
  const program = `
    import { findScenario, startLab } from '${new URL('../../src/lab/index.ts', import.meta.url)}'
    const lab = await startLab(findScenario('mixed-100'))
    await lab.close()
    console.log('closed')`
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], { timeout: 10_000 })
  expect(String(out).trim()).toBe('closed')
})

function children(): string[] {
  return readdirSync(`/proc/${process.pid}/task`).flatMap((task) => {
    const list = execFileSync('cat', [`/proc/${process.pid}/task/${task}/children`]).toString()
    return list.split(' ').filter((pid) => pid && isNode(pid))
  })
}

function isNode(pid: string): boolean {
  try {
    return execFileSync('cat', [`/proc/${pid}/cmdline`], { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .includes('lab/process.ts')
  } catch {
    return false
  }
}
