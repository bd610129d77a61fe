import { expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { parseProxy } from '../../src/fleet/parse-proxy.ts'
import { createHealthChecks, type HealthEvidence, type HealthOptions } from '../../src/health/health.ts'
import { fault, response, type Script, scriptedTransport } from '../fleet/scripted-transport.ts'
import { ManualClock } from '../manual-clock.ts'

const alive: Script = { afterMs: 20, exchange: response({ ip: '198.51.100.7' }) }
const refusal: Script = { afterMs: 20, exchange: response('no', { status: 403 }) }
const lost: Script = { afterMs: 20, exchange: fault('reset', 'headers') }
const refused: Script = { afterMs: 20, exchange: fault('dial-refused', 'dial') }
const hang: Script = { afterMs: 0, phase: 'handshake' }

function begin(
  world: (proxy: string, echo: string) => Script,
  proxies: readonly string[] = ['p1'],
  options: Partial<HealthOptions> = {},
) {
  const clock = new ManualClock()
  const transport = scriptedTransport(clock, (proxy, url) => world(proxy.host, url.hostname.split('.')[0]!))
  const evidence: HealthEvidence[] = []
  const times: number[] = []
  const checks = createHealthChecks({
    proxies: () => proxies.map((name) => parseProxy(`${name}:80`).endpoint),
    transport,
    echoes: ['http://one.example/', 'https://two.example/'],
    clock,
    random: createRandom(1),
    judge: ({ cause }) => ({ kind: cause === 'reset' ? 'transient' : 'dead', reason: cause }),
    onEvidence(each) {
      evidence.push(each)
      times.push(clock.now())
    },
    ...options,
  })!
  const verdicts = () => evidence.map(({ outcome }) => `${outcome.verdict.kind} ${outcome.verdict.reason}`)
  return { clock, transport, checks, evidence, times, verdicts }
}

test('without echo targets there are no checks', () => {
  expect(begin(() => alive, ['p1'], { echoes: [] }).checks).toBeUndefined()
})

test.each<[string, Script, Script, string, number]>([
  ['a working proxy is a success after one request', alive, alive, 'success echo', 1],
  ['a proxy that is not there is judged after one request', refused, refused, 'dead dial-refused', 1],
  ['where nobody comes through, a lost request is nobody’s doing', lost, lost, 'neutral reset', 2],
  ['a request lost at one target only is a success', lost, alive, 'success echo', 2],
  ['a refusing target is neutral', refusal, refusal, 'neutral echo-refused', 2],
  ['a refusal shows that the way was open', lost, refusal, 'neutral echo-refused', 2],
  ['a probe that runs out of time is judged by its phase', hang, hang, 'dead handshake-timeout', 1],
])('%s', async (_, one, two, verdict, requests) => {
  const { checks, clock, verdicts, transport, evidence } = begin((__, target) =>
    target === 'one' ? one : two,
  )
  const round = checks.checkOnce()
  await clock.advance(20_000)
  const [kind] = verdict.split(' ')
  expect(await round).toEqual({
    checked: 1,
    alive: kind === 'success' ? 1 : 0,
    dead: kind === 'dead' || verdict === 'neutral reset' ? 1 : 0,
    unclear: verdict === 'neutral echo-refused' ? 1 : 0,
  })
  expect(verdicts()).toEqual([verdict])
  expect(transport.sent).toHaveLength(requests)
  expect(evidence[0]?.outcome.endedAt).toBeGreaterThan(evidence[0]!.outcome.startedAt)
  expect([clock.waiting, transport.running]).toEqual([0, 0])
})

test('lost at both targets where others come through is the proxy’s doing', async () => {
  const { checks, clock, verdicts } = begin((proxy) => (proxy === 'p1' ? lost : alive), ['p1', 'p2'])
  const round = checks.checkOnce()
  await clock.advance(20_000)
  expect(await round).toMatchObject({ alive: 1, dead: 1 })
  expect(verdicts()).toEqual(['success echo', 'dead reset'])
})

test('rounds take turns at the targets', async () => {
  const { checks, clock, evidence } = begin(() => alive)
  for (let i = 0; i < 3; i++) {
    const round = checks.checkOnce()
    await clock.advance(1_000)
    await round
  }
  expect(evidence.map((each) => each.host)).toEqual(['one.example', 'two.example', 'one.example'])
})

test('slow proxies do not delay the others', async () => {
  const { checks, clock, evidence, times } = begin(
    (name) => (name === 'slow' ? hang : alive),
    ['slow', ...Array.from({ length: 20 }, (_, i) => `p${i}`)],
    { concurrency: 3 },
  )
  const round = checks.checkOnce()
  await clock.advance(10_000)
  expect(await round).toMatchObject({ checked: 21, alive: 20, dead: 1 })
  expect(evidence.at(-1)?.proxy.host).toBe('slow')
  expect(times.slice(0, -1).every((time) => time <= 200)).toBe(true)
})

test('checks asked for while a round runs join it', async () => {
  const { checks, clock, transport } = begin(() => alive)
  const rounds = Promise.all([checks.checkOnce(), checks.checkOnce()])
  await clock.advance(1_000)
  await rounds
  expect(transport.sent).toHaveLength(1)
})

test('rounds come by themselves within the jitter, and none after the stop', async () => {
  const { checks, clock, times } = begin(() => alive, ['p1'], { intervalMs: 1_000, jitter: 0.5 })
  checks.start()
  checks.start()
  await clock.advance(100_000)
  expect(times.length).toBeGreaterThan(80)
  expect(times.length).toBeLessThan(125)
  const gaps = times.slice(1).map((time, index) => time - times[index]!)
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(500)
  expect(Math.max(...gaps)).toBeLessThanOrEqual(1_500)
  expect(Math.max(...gaps) - Math.min(...gaps)).toBeGreaterThan(500)
  checks.stop()
  expect(clock.waiting).toBe(0)
  const rounds = times.length
  await clock.advance(100_000)
  expect(times).toHaveLength(rounds)
})

test.each([-0.1, 1, Number.NaN])('a jitter of %d is refused', (jitter) => {
  expect(() => begin(() => alive, ['p1'], { jitter })).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID' }),
  )
})
