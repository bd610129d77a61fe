import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { EngineClient } from '../../bench/restart/client.ts'
import { systemClock } from '../../src/base/clock.ts'
import { startLab } from '../../src/lab/lab.ts'
import type { Scenario } from '../../src/lab/scenario.ts'
import { openReputationFile } from '../../src/state/reputation/reputation-file.ts'

const password = 'zX9-unique-pa55'
const auth = { username: 'crew-4711', password }

const world: Scenario = {
  origins: { site: { site: { pages: 50, linksPerPage: 3 } } },
  proxies: [
    { name: 'good', count: 5, auth },
    { name: 'dead', count: 5, auth, fault: 'dead' },
    { name: 'garbage', count: 5, auth, fault: 'wrong-protocol' },
  ],
}

/** Clients one after the other on one file, each a restart of the one before. */
async function openHarbour(scenario: Scenario) {
  const lab = await startLab(scenario)
  const folder = await mkdtemp(join(tmpdir(), 'regatta-restart-'))
  const path = join(folder, 'reputation.sqlite')
  const clients: EngineClient[] = []
  return {
    url: lab.origins.site!.url,
    path,
    async start() {
      const client = new EngineClient(lab.proxies, { politeness: false, trust: 'blind', seed: 1 })
      const alert = ({ message }: { message: string }) => expect.fail(message)
      const file = await openReputationFile(path, { clock: systemClock, wheel: client.wheel, alert })
      if (file.snapshot) client.engine.restore(file.snapshot)
      file.follow(client.engine)
      clients.push(client)
      return { client, stop: () => client.stop(() => file.close()) }
    },
    async [Symbol.asyncDispose]() {
      await lab.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function fetchAll(client: EngineClient, url: string, pages: number, session?: string): Promise<number> {
  const before = client.attempts
  for (let page = 1; page <= pages; page++) {
    const result = await client.fetch(`${url}/page/${page}`, session === undefined ? {} : { session })
    expect(result.ok).toBe(true)
  }
  return client.attempts - before
}

describe('a crawl that is started again', () => {
  it('knows from its first request whom to avoid', async () => {
    await using harbour = await openHarbour(world)
    const first = await harbour.start()
    const cold = await fetchAll(first.client, harbour.url, 40)
    await first.stop()
    const second = await harbour.start()
    const again = await fetchAll(second.client, harbour.url, 40)
    await second.stop()
    expect(cold).toBeGreaterThan(45)
    expect(again).toBeLessThan(43)
  })

  it('keeps its sessions on their proxies', async () => {
    await using harbour = await openHarbour(world)
    const first = await harbour.start()
    await fetchAll(first.client, harbour.url, 20)
    await fetchAll(first.client, harbour.url, 3, 'basket of jane')
    const before = first.client.engine.sessions.proxyOf('basket of jane')!
    const label = first.client.engine.fleet.endpoints[before]!.id
    await first.stop()
    const second = await harbour.start()
    const { proxy } = (await second.client.fetch(`${harbour.url}/page/9`, {
      session: 'basket of jane',
    })) as { proxy: string }
    await second.stop()
    expect(proxy).toBe(label)
  })

  it('finds nothing secret in its file, and neither does anybody else', async () => {
    await using harbour = await openHarbour(world)
    const first = await harbour.start()
    await fetchAll(first.client, harbour.url, 20)
    await fetchAll(first.client, `${harbour.url}/page/1?token=t0psecret&x=`, 2, 'session of jane').catch(
      () => {},
    )
    await first.stop()
    const bytes = await readFile(harbour.path, 'latin1')
    expect(bytes).toContain('socks5://127.')
    const forms = [
      auth.username,
      password,
      Buffer.from(`${auth.username}:${password}`).toString('base64'),
      Buffer.from(password).toString('base64').slice(0, 16),
      Buffer.from(password).toString('hex'),
      't0psecret',
      'jane',
    ]
    for (const form of forms) expect(bytes).not.toContain(form)
  })
})
