import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import type { ParsedProxy } from '../../src/contracts/endpoint.ts'
import { RegattaError } from '../../src/contracts/errors.ts'
import type { ProxyList, ProxyProvider } from '../../src/contracts/provider.ts'
import { fileProvider } from '../../src/fleet/file.ts'
import { createFleet, type FleetOptions } from '../../src/fleet/fleet.ts'
import { proxyUrl } from '../../src/fleet/label.ts'
import { parseProxy } from '../../src/fleet/parse-proxy.ts'
import { parseList } from '../../src/fleet/proxy-list.ts'
import { ManualClock } from '../manual-clock.ts'
import { idsOf, listOf, scriptedProvider, Witness } from './listener.ts'

const nobody: ProxyList = { proxies: [], duplicates: 0, rejected: ['line 1: it has no port'] }
const outage = new RegattaError(
  'PROXY_LIST_UNREADABLE',
  'The proxy list at https://lists.example cannot be read.',
  { value: { list: 'https://lists.example' } },
)

function launch(providers: readonly ProxyProvider[], options: Partial<FleetOptions> = {}) {
  const clock = new ManualClock()
  const witness = new Witness()
  const fleet = createFleet({ providers, clock, listener: witness, refreshMs: 60_000, ...options })
  return { clock, witness, fleet, present: () => [...witness.present.keys()] }
}

test('the start adds every proxy of every provider once', async () => {
  const { fleet, present } = launch([scriptedProvider(listOf(1, 2)), scriptedProvider(listOf(2, 3))])
  await fleet.start()
  expect(present()).toEqual(idsOf(1, 2, 3))
  expect(fleet.endpoints().map((endpoint) => endpoint.id)).toEqual(idsOf(1, 2, 3))
  fleet.stop()
})

test('a refresh tells the difference, and proxies that stayed hear nothing', async () => {
  const provider = scriptedProvider(listOf(1, 2, 3))
  const { fleet, witness } = launch([provider])
  await fleet.start()
  witness.log.length = 0
  provider.answer = listOf(2, 3, 4)
  await fleet.refresh()
  expect(witness.log).toEqual([
    ...idsOf(1).map((id) => `-${id}`),
    ...idsOf(4).map((id) => `+${id}`),
    'refreshed +1 -1 =3',
  ])
  fleet.stop()
})

test('no usable proxy at the start is an error that says what was read, what was wrong and what to do', async () => {
  const rejected = [1, 2, 3, 4, 5].map((line) => `line ${line}: it has no port`)
  const provider = scriptedProvider({ proxies: [], duplicates: 0, rejected }, { name: 'proxies.txt' })
  const { fleet, clock } = launch([provider])
  await expect(fleet.start()).rejects.toMatchObject({
    code: 'PROXY_LIST_EMPTY',
    message:
      'No usable proxy in proxies.txt: 5 entries were rejected: line 1: it has no port; line 2: it has no port; line 3: it has no port; …. Give one proxy a line, such as host:port or socks5h://user:pass@host:port, or say direct: true to go out without a proxy.',
  })
  expect(clock.waiting).toBe(0)
  await expect(launch([]).fleet.start()).rejects.toThrow('No proxies were given.')
})

test('going out directly is a member only when it was asked for', async () => {
  const { fleet, present } = launch([], { direct: true })
  await fleet.start()
  expect(present()).toEqual(['direct'])
  fleet.stop()
})

test("what the user wrote must be readable at the start, another's server may be down", async () => {
  const good = scriptedProvider(listOf(1))
  const down = (trusted: boolean) => scriptedProvider(outage, { trusted })
  await expect(launch([good, down(true)]).fleet.start()).rejects.toBe(outage)
  await expect(launch([down(false)]).fleet.start()).rejects.toBe(outage)
  const keyless = scriptedProvider(
    new RegattaError('MISSING_API_KEY', 'Set WEBSHARE_API_KEY.', { value: { variable: 'WEBSHARE_API_KEY' } }),
    {
      trusted: false,
    },
  )
  await expect(launch([good, keyless]).fleet.start()).rejects.toMatchObject({ code: 'MISSING_API_KEY' })

  const late = down(false)
  const { fleet, witness, present } = launch([good, late])
  await fleet.start()
  expect(witness.alerts).toEqual([expect.stringContaining('Starting with the 1 proxies of the other lists.')])
  late.answer = listOf(2)
  await fleet.refresh()
  expect(present()).toEqual(idsOf(1, 2))
  fleet.stop()
})

test('refreshes come by themselves, a tenth early or late, and none after the stop', async () => {
  const provider = scriptedProvider(listOf(1, 2, 3))
  const { fleet, clock, present } = launch([provider], { seed: 4 })
  await fleet.start()
  provider.answer = listOf(1, 2, 3, 4)
  await clock.advance(53_999)
  expect(present()).toEqual(idsOf(1, 2, 3))
  await clock.advance(12_002)
  expect(present()).toEqual(idsOf(1, 2, 3, 4))
  await clock.advance(600_000)
  expect(provider.loads).toBeGreaterThanOrEqual(10)
  expect(provider.loads).toBeLessThanOrEqual(14)
  const loads = provider.loads
  fleet.stop()
  expect(clock.waiting).toBe(0)
  await clock.advance(600_000)
  expect(provider.loads).toBe(loads)
})

test('an empty list is not believed, however often it comes, unless somebody says that it is meant', async () => {
  const provider = scriptedProvider(listOf(1, 2), { edited: true })
  const { fleet, witness, present } = launch([provider])
  await fleet.start()
  provider.answer = nobody
  for (let i = 0; i < 4; i++) await fleet.refresh()
  expect(present()).toEqual(idsOf(1, 2))
  expect(witness.alerts).toHaveLength(4)
  expect(witness.alerts[0]).toMatch(/^LIST_NOT_BELIEVED: .*1 entries rejected.*believe: true/)
  await fleet.refresh({ believe: true })
  expect(present()).toEqual([])
  fleet.stop()
})

test('a list of less than half is believed the third time in a row', async () => {
  const provider = scriptedProvider(listOf(1, 2, 3, 4, 5))
  const { fleet, witness, present } = launch([provider])
  await fleet.start()
  provider.answer = listOf(1, 2)
  await fleet.refresh()
  await fleet.refresh()
  provider.answer = listOf(1, 2, 3, 4, 5)
  await fleet.refresh() // not in a row
  provider.answer = listOf(1, 2)
  await fleet.refresh()
  await fleet.refresh()
  expect(present()).toEqual(idsOf(1, 2, 3, 4, 5))
  expect(witness.alerts.map((alert) => /comes (.*) more/.exec(alert)?.[1])).toEqual([
    '2 times',
    'once',
    '2 times',
    'once',
  ])
  await fleet.refresh()
  expect(present()).toEqual(idsOf(1, 2))
  fleet.stop()
})

test('more than half is believed at once, exactly half is not, and a file that its user cut shorter is', async () => {
  const provider = scriptedProvider(listOf(1, 2, 3, 4, 9, 10))
  const file = scriptedProvider(listOf(5, 6, 7, 8), { edited: true })
  const { fleet, witness, present } = launch([provider, file])
  await fleet.start()
  provider.answer = listOf(1, 2, 3, 4)
  file.answer = listOf(5)
  await fleet.refresh()
  expect(present()).toEqual(idsOf(1, 2, 3, 4, 5))
  expect(witness.alerts).toEqual([])
  provider.answer = listOf(1, 2)
  await fleet.refresh()
  expect(present()).toEqual(idsOf(1, 2, 3, 4, 5))
  expect(witness.alerts).toEqual([expect.stringContaining('half as many as before or less')])
  fleet.stop()
})

test('a refresh that fails keeps the list and is told', async () => {
  const provider = scriptedProvider(listOf(1, 2))
  const { fleet, witness, present } = launch([provider])
  await fleet.start()
  provider.answer = outage
  await fleet.refresh()
  expect(present()).toEqual(idsOf(1, 2))
  expect(witness.alerts).toEqual([
    expect.stringMatching(/^PROXY_LIST_UNREADABLE: .*2 proxies that are known stay/),
  ])
  fleet.stop()
})

test('a proxy with a new password is the same one under another label', async () => {
  const list = (password: string) =>
    parseList(`user:${password}@gate.example:80\n192.0.2.1:80`, { trusted: true })
  const provider = scriptedProvider(list('old'))
  const { fleet, witness, present } = launch([provider])
  await fleet.start()
  const before = present()
  witness.log.length = 0
  provider.answer = list('new')
  await fleet.refresh()
  expect(present()).not.toEqual(before)
  expect(witness.log).toEqual([
    expect.stringMatching(/^http:\/\/gate\.example:80#\w+ is http:\/\/gate\.example:80#\w+$/),
    'refreshed +0 -0 =2',
  ])
  fleet.stop()
})

test('an account whose label happens to be that of the account before it is another proxy', async () => {
  const accounts = Array.from({ length: 6_000 }, (_, i) => `user${i}:pass@gate.example:80`)
  const byLabel = Map.groupBy(accounts, (account) => parseProxy(account).endpoint.id)
  const [before, after] = [...byLabel.values()].find((same) => same.length > 1)!
  const provider = scriptedProvider(parseList(before!, { trusted: true }))
  const { fleet, witness } = launch([provider])
  await fleet.start()
  provider.answer = parseList(after!, { trusted: true })
  await fleet.refresh()
  expect(witness.log.at(-1)).toBe('refreshed +1 -1 =1')
  fleet.stop()
})

test('a proxy with new tags stays, and has them', async () => {
  const list = (tags: string) => parseList(`192.0.2.1:80 ${tags}`, { trusted: true })
  const provider = scriptedProvider(list(''))
  const { fleet, witness } = launch([provider])
  await fleet.start()
  provider.answer = list('class=residential')
  await fleet.refresh()
  expect(witness.log).toEqual([
    '+http://192.0.2.1:80',
    'http://192.0.2.1:80 is http://192.0.2.1:80',
    'refreshed +0 -0 =1',
  ])
  expect(witness.present.get('http://192.0.2.1:80')?.tags).toEqual({ class: 'residential' })
  fleet.stop()
})

test('a change that comes while a list is being loaded is loaded too', async () => {
  const slow = Promise.withResolvers<ProxyList>()
  let change = () => {}
  const provider = scriptedProvider(listOf(1), {
    watch(changed) {
      change = changed
      return () => {}
    },
  })
  const { fleet, present } = launch([provider])
  await fleet.start()
  provider.answer = slow.promise
  const refreshed = fleet.refresh()
  provider.answer = listOf(1, 2)
  change()
  slow.resolve(listOf(1, 3))
  await refreshed
  expect(present()).toEqual(idsOf(1, 2))
  expect(provider.loads).toBe(3)
  fleet.stop()
})

test('a load that ends after the stop changes nothing', async () => {
  const slow = Promise.withResolvers<ProxyList>()
  const provider = scriptedProvider(listOf(1))
  const { fleet, witness, present } = launch([provider])
  await fleet.start()
  provider.answer = slow.promise
  const refreshed = fleet.refresh()
  fleet.stop()
  slow.resolve(listOf(1, 2))
  await refreshed
  expect(present()).toEqual(idsOf(1))
  expect(witness.alerts).toEqual([])
})

test('whatever the lists do, the listener knows exactly the proxies of the fleet, with the right credentials', async () => {
  const account = fc.record({
    host: fc.integer({ min: 0, max: 2 }),
    user: fc.integer({ min: 0, max: 3_000 }),
  })
  const list = fc
    .array(account, { maxLength: 8 })
    .map((accounts) => accounts.map(({ host, user }) => `u${user}:p@gate${host}.example:80`).join('\n'))
    .map((text) => parseList(text, { trusted: true }))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(list, list), { minLength: 1, maxLength: 6 }), async (rounds) => {
      const present = new Map<string, ParsedProxy>()
      const witness = new Witness()
      const listener = {
        added(proxy: ParsedProxy) {
          witness.added(proxy)
          present.set(proxy.endpoint.id, proxy)
        },
        removed(id: string) {
          witness.removed(id)
          present.delete(id)
        },
        refreshed: witness.refreshed,
        alert: witness.alert,
      }
      const providers = [scriptedProvider(rounds[0]![0]), scriptedProvider(rounds[0]![1])]
      const { fleet } = launch(providers, { listener, direct: true })
      await fleet.start()
      for (const answers of rounds) {
        for (const [index, answer] of answers.entries()) providers[index]!.answer = answer
        await fleet.refresh({ believe: true })
        const listed = new Set(answers.flatMap((answer) => answer.proxies.map(proxyUrl)))
        expect(new Set([...present.values()].map(proxyUrl))).toEqual(new Set(['direct://', ...listed]))
        expect(present.size).toBe(fleet.size)
      }
      fleet.stop()
    }),
  )
})

test('a saved file changes the fleet by itself, and saving it empty does not empty the fleet', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'regatta-fleet-'))
  const path = join(folder, 'proxies.txt')
  await writeFile(path, 'proxy1.example:8080\nproxy2.example:8080\nproxy3.example:8080')
  const provider = fileProvider(path, { clock: systemClock, settleMs: 20 })
  const { fleet, witness, present } = launch([provider], { refreshMs: Number.POSITIVE_INFINITY })
  await fleet.start()
  await writeFile(path, 'proxy4.example:8080')
  await vi.waitFor(() => expect(present()).toEqual(idsOf(4)), { timeout: 10_000 })
  await writeFile(path, '')
  await vi.waitFor(() => expect(witness.alerts).toHaveLength(1), { timeout: 10_000 })
  expect(present()).toEqual(idsOf(4))
  fleet.stop()
  await rm(folder, { recursive: true })
})
