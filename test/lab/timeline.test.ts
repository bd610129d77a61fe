import { createConnection } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { startLab } from '../../src/lab/index.ts'

/** Whether somebody listens there. */
function isOpen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port })
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

describe('a lab that changes by itself', () => {
  it('proxies of a group die and come back, and a host goes down and up', async () => {
    await using lab = await startLab({
      origins: { site: {} },
      proxies: [{ name: 'mortal', count: 2 }, { name: 'steady' }],
      timeline: [
        { atMs: 50, forMs: 400, of: 'mortal', set: { fault: 'dead' } },
        { atMs: 100, forMs: 300, of: 'site', down: 503 },
      ],
    })
    const { host, port } = lab.proxy('mortal-2')
    const steady = lab.proxy('steady')
    const status = async () => (await fetch(`${lab.origins.site!.direct}/bytes/10`)).status
    expect(await isOpen(host, port)).toBe(true)
    await vi.waitUntil(async () => !(await isOpen(host, port)), 5_000)
    await vi.waitUntil(async () => (await status()) === 503, 5_000)
    expect(await isOpen(steady.host, steady.port)).toBe(true)
    await vi.waitUntil(() => isOpen(host, port), 5_000)
    await vi.waitUntil(async () => (await status()) === 200, 5_000)
  })

  it('what does not fit is refused before a port is opened', async () => {
    const scenario = { origins: { site: {} }, timeline: [{ atMs: 0, of: 'site', set: { limits: {} } }] }
    await expect(startLab(scenario)).rejects.toMatchObject({
      code: 'SCENARIO_INVALID',
      message: expect.stringContaining('limits') as string,
    })
  })
})
