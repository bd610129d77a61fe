import { describe, expect, it } from 'vitest'
import { site } from '../../plugins/site.ts'
import { parseProxy } from '../../src/fleet/parse-proxy.ts'
import { ask, watch } from '../dashboard/viewer.ts'
import { impatient, openLabScene } from '../faults/lab-scene.ts'

const username = 'crew-4711'
const password = 'zX9-unique-pa55'
const auth = { username, password }
/** Also what it looks like when encoded for a header. */
const forms = [
  username,
  password,
  Buffer.from(`${username}:${password}`).toString('base64'),
  Buffer.from(password).toString('base64').slice(0, 16),
]

const all = [
  'task.accepted',
  'attempt.started',
  'outcome',
  'task.parked',
  'task.settled',
  'proxy.state',
  'host.state',
  'host.paused',
  'alert',
  'proxies.refreshed',
  'item',
  'request.done',
  'request.skipped',
  'request.dead',
  'crawl.state',
  'log',
] as const

describe('nobody sees a credential', () => {
  it('in no event, statistic, explanation, inspection or error, whatever goes wrong', async () => {
    await using scene = await openLabScene(
      {
        origins: {
          site: { site: { pages: 30, linksPerPage: 5, missing: 2 } },
          strict: { limit: { total: { requests: 2, perMs: 1_000 } } },
        },
        proxies: [
          { name: 'good', count: 4, auth },
          { name: 'http', count: 2, protocol: 'http', auth },
          { name: 'dead', auth, fault: 'dead' },
          { name: 'hole', auth, fault: 'blackhole' },
          { name: 'garbage', auth, fault: 'wrong-protocol' },
          { name: 'quota', protocol: 'http', auth: { ...auth, username: `${username}-q` }, fault: 'quota' },
          {
            name: 'denied',
            protocol: 'http',
            auth: { ...auth, username: `${username}-d` },
            fault: 'bad-auth',
          },
          { name: 'evil', protocol: 'http', auth, fault: { kind: 'inject', style: 'portal' } },
        ],
      },
      { timeouts: impatient, breaker: { base: 100 } },
    )
    const { crawler, lab } = scene
    const told: unknown[] = []
    for (const name of all) crawler.on(name, (event: unknown) => told.push([name, event]))
    const errors: unknown[] = []
    const keep = (error: unknown) => errors.push(error)
    crawler.inspect((event) => told.push(safe(event)))
    const dashboard = await crawler.dashboard()
    const viewer = await watch(dashboard)
    const url = lab.origins.site!.url
    await crawler.crawl(site, { start: [url] }).run()
    for (const { id } of crawler.proxies())
      await crawler.fetch(`${url}/bytes/5`, { proxy: id, deadline: 2_000 }).catch(keep)
    await Promise.all(
      Array.from({ length: 6 }, () =>
        crawler.fetch(`${lab.origins.strict!.url}/bytes/1`, { deadline: 300 }).catch(keep),
      ),
    )
    await crawler.fetch(`http://${username}:${password}@site.lab/`, { deadline: 100 }).catch(keep)
    await crawler.fetch(`ftp://${username}:${password}@site.lab/`).catch(keep)
    crawler.isolate(crawler.proxies()[0]!.id)
    expect(errors.length).toBeGreaterThan(4)
    const explained = scene.log.accepted.map((task) => crawler.explain(task))
    for (const task of scene.log.accepted.slice(0, 20))
      await ask(dashboard, { path: `/api/request?which=${task}` })
    await viewer.until('overview', ({ attention }) => attention.length > 0)
    const seen = [await ask(dashboard), await ask(dashboard, { path: '/api/report' })].map(({ body }) => body)
    for (const { id } of crawler.proxies())
      seen.push((await ask(dashboard, { path: `/api/proxy?id=${encodeURIComponent(id)}` })).body)
    for (const path of ['/api/snapshot', '/api/requests', '/api/dead', '/api/dead/letters'])
      seen.push((await ask(dashboard, { path })).body)
    expect(viewer.text().length + seen.join('').length).toBeGreaterThan(20_000)
    const everything = [
      viewer.text(),
      seen,
      told,
      errors.map(unfold),
      explained,
      crawler.stats(),
      crawler.proxies(),
      safe(crawler),
    ]
    const text = everything.map((each) => JSON.stringify(each)).join('\n')
    expect(text.length).toBeGreaterThan(10_000)
    // (the URL with a password was the caller's own; only proxies' secrets are ours to keep)
    const ours = text.replaceAll(`http://${username}:${password}@site.lab/`, '')
    for (const form of forms) expect(ours.includes(form), form).toBe(false)
    await scene.end()
  })

  it('nor in the message of a proxy that cannot be used', () => {
    for (const text of [
      `socks9://${username}:${password}@host:1`,
      `http://${username}:${password}@:80`,
      `host:99999:${username}:${password}`,
      `${username}:${password}@`,
    ]) {
      try {
        parseProxy(text)
        expect.unreachable()
      } catch (error) {
        for (const form of forms) expect(JSON.stringify(unfold(error))).not.toContain(form)
      }
    }
  })
})

function unfold(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  return {
    ...error,
    name: error.name,
    message: error.message,
    stack: error.stack,
    cause: unfold(error.cause),
  }
}

/** What JSON makes of it, cycles and actors included. */
function safe(value: unknown): unknown {
  const seen = new Set<unknown>()
  return JSON.parse(
    JSON.stringify(value, (_key, each: unknown) => {
      if (typeof each === 'bigint' || typeof each === 'symbol') return String(each)
      if (typeof each !== 'object' || each === null) return each
      if (seen.has(each)) return '…'
      seen.add(each)
      return each
    }) ?? 'null',
  )
}
