import { expect, test } from 'vitest'
import { parseProxy } from '../../src/fleet/parse-proxy.ts'
import { type CheckOptions, type CheckRow, checkProxies } from '../../src/health/check.ts'
import { fault, response, type Script, scriptedTransport } from '../fleet/scripted-transport.ts'
import { ManualClock } from '../manual-clock.ts'

const echoes = ['http://one.example/', 'http://two.example/']

async function check(
  world: (proxy: string, echo: string) => Script,
  proxies: readonly string[] = ['p1'],
  options: Partial<CheckOptions> = {},
) {
  const clock = new ManualClock()
  const transport = scriptedTransport(clock, (proxy, url) => world(proxy.host, url.hostname.split('.')[0]!))
  const list = proxies.map((name) => parseProxy(`${name}:80`).endpoint)
  const finished: [string, number][] = []
  const rows = checkProxies(list, {
    transport,
    clock,
    echoes,
    timeoutMs: 1_000,
    onResult: (row) => finished.push([row.proxy.host, clock.now()]),
    ...options,
  })
  rows.catch(() => {})
  await clock.advance(100_000)
  expect(clock.waiting).toBe(0)
  expect(transport.running).toBe(0)
  return { rows: await rows, finished, transport }
}

const only = ({ rows }: { rows: readonly CheckRow[] }) => {
  const [row] = rows
  return { state: row!.state, reason: row!.reason }
}
const echo = (extra: object = {}, firstByteMs = 50): Script => ({
  afterMs: firstByteMs,
  exchange: response({ ip: '198.51.100.7', headers: {}, ...extra }, { firstByteMs }),
})

test('a working proxy shows its exit and the latency of the faster target', async () => {
  const { rows } = await check((_, target) => echo({}, target === 'one' ? 80 : 30))
  expect(rows[0]).toMatchObject({
    state: 'alive',
    reason: 'ok',
    latencyMs: 30,
    exits: ['198.51.100.7'],
    anonymity: 'elite',
  })
})

test('one target that refuses, fails or hangs does not make a proxy dead', async () => {
  const ills: Script[] = [
    { afterMs: 1, exchange: response('blocked', { status: 403 }) },
    { afterMs: 1, exchange: response('<html>hello</html>') },
    { afterMs: 1, exchange: fault('connect-target', 'handshake') },
    { afterMs: 1, exchange: fault('reset', 'headers') },
    { afterMs: 1, phase: 'headers' },
  ]
  for (const ill of ills) {
    expect(only(await check((_, target) => (target === 'one' ? ill : echo())))).toEqual({
      state: 'alive',
      reason: 'ok',
    })
  }
})

test.each<[string, Script, Script, object]>([
  ['both targets refuse', refusal(403), refusal(429), { state: 'unclear', reason: 'status-403' }],
  ['one refuses and one is lost', refusal(403), lost(), { state: 'unclear', reason: 'status-403' }],
  ['both are lost', lost(), lost(), { state: 'dead', reason: 'reset' }],
  ['the proxy is not there', gone(), gone(), { state: 'dead', reason: 'dial-refused' }],
  ['this machine is at fault', local(), local(), { state: 'unclear', reason: 'local-resources' }],
  ['the dial hangs', hang('dial'), hang('dial'), { state: 'dead', reason: 'dial-timeout' }],
  [
    'the greeting hangs',
    hang('handshake'),
    hang('handshake'),
    { state: 'dead', reason: 'handshake-timeout' },
  ],
  ['the answer hangs', hang('headers'), hang('headers'), { state: 'dead', reason: 'headers-timeout' }],
])('%s', async (_, one, two, expected) => {
  expect(only(await check((__, target) => (target === 'one' ? one : two)))).toEqual(expected)
})

function refusal(status: number): Script {
  return { afterMs: 1, exchange: response('no', { status }) }
}
function lost(): Script {
  return { afterMs: 1, exchange: fault('reset', 'headers') }
}
function gone(): Script {
  return { afterMs: 1, exchange: fault('dial-refused', 'dial') }
}
function local(): Script {
  return { afterMs: 1, exchange: fault('local-resources', 'dial') }
}
function hang(phase: 'dial' | 'handshake' | 'headers'): Script {
  return { afterMs: 0, phase }
}

test.each<[string, object, readonly string[], string | undefined]>([
  ['our address is the exit', { ip: '203.0.113.9' }, ['203.0.113.9'], 'transparent'],
  [
    'our address is forwarded',
    { headers: { 'X-Forwarded-For': '203.0.113.9, 10.0.0.1' } },
    ['203.0.113.9'],
    'transparent',
  ],
  [
    'our address is in any header',
    { headers: { 'X-Odd': '[2001:DB8::9]:4711' } },
    ['2001:db8::9'],
    'transparent',
  ],
  ['a longer address is not ours', { headers: { Via: '1.1 203.0.113.99' } }, ['203.0.113.9'], 'anonymous'],
  [
    'somebody else is forwarded',
    { headers: { Forwarded: 'for=192.0.2.60;proto=http' } },
    ['203.0.113.9'],
    'anonymous',
  ],
  [
    'somebody is forwarded, and who we are is not known',
    { headers: { 'x-forwarded-for': '192.0.2.60' } },
    [],
    'transparent',
  ],
  ['the exit itself is forwarded', { headers: { 'x-forwarded-for': ['198.51.100.7'] } }, [], 'anonymous'],
  ['a proxy names itself', { headers: { Via: '1.1 squid' } }, [], 'anonymous'],
  ['nothing is added', { headers: { Accept: '*/*' } }, [], 'elite'],
  ['the target does not tell', { headers: undefined }, [], undefined],
])('anonymity: %s', async (_, answer, ownAddresses, expected) => {
  const { rows } = await check(() => echo(answer), ['p1'], { ownAddresses })
  expect(rows[0]?.anonymity).toBe(expected)
})

test('the names and forms that echo services use are understood', async () => {
  const answers = [
    { ip: '198.51.100.7' },
    { origin: '10.0.0.1, 198.51.100.7' },
    { query: '198.51.100.7' },
    '198.51.100.7\n',
  ]
  for (const answer of answers) {
    const { rows } = await check(() => ({ afterMs: 1, exchange: response(answer) }))
    expect(rows[0]?.exits).toEqual(['198.51.100.7'])
  }
})

test('slow proxies delay nobody, rows keep the order of the list', async () => {
  const proxies = ['slow1', ...Array.from({ length: 30 }, (_, i) => `fast${i}`), 'slow2']
  const { rows, finished } = await check(
    (name) => (name.startsWith('slow') ? hang('dial') : echo({}, 10)),
    proxies,
    {
      concurrency: 4,
    },
  )
  expect(rows.map((row) => row.proxy.host)).toEqual(proxies)
  const fast = finished.filter(([name]) => name.startsWith('fast'))
  expect(Math.max(...fast.map(([, at]) => at))).toBeLessThanOrEqual(100)
  expect(finished.at(-1)?.[0]).toBe('slow2')
})

test('no more are examined at once than allowed', async () => {
  let most = 0
  const clock = new ManualClock()
  const transport = scriptedTransport(clock, () => {
    most = Math.max(most, transport.running + 1)
    return echo()
  })
  const list = Array.from({ length: 20 }, (_, i) => parseProxy(`p${i}:80`).endpoint)
  const rows = checkProxies(list, { transport, clock, echoes, concurrency: 3 })
  await clock.advance(10_000)
  expect(await rows).toHaveLength(20)
  expect(most).toBe(6)
})

test('an aborted check cancels what is out and rejects with the reason', async () => {
  const controller = new AbortController()
  const clock = new ManualClock()
  const transport = scriptedTransport(clock, () => hang('dial'))
  const rows = checkProxies([parseProxy('p1:80').endpoint], {
    transport,
    clock,
    echoes,
    signal: controller.signal,
  })
  const reason = new Error('enough')
  controller.abort(reason)
  await expect(rows).rejects.toBe(reason)
  expect([transport.running, clock.waiting]).toEqual([0, 0])
})

test('one target is enough', async () => {
  const { rows } = await check(() => echo(), ['p1'], { echoes: ['http://one.example/'] })
  expect(rows[0]).toMatchObject({ state: 'alive', exits: ['198.51.100.7'] })
})

test.each([[[]], [['http://one.example/', 'nonsense']]])(
  'targets that are no URLs are refused: %s',
  async (targets) => {
    await expect(check(() => echo(), ['p1'], { echoes: targets })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    })
  },
)

test('a page in place of an echo over plain HTTP is a lie where two others bring the echo', async () => {
  const portal: Script = { afterMs: 1, exchange: response('<html>hello</html>') }
  const states = async (
    proxies: string[],
    isLie: (proxy: string, target: string) => boolean,
    urls = echoes,
  ) =>
    (
      await check((proxy, target) => (isLie(proxy, target) ? portal : echo()), proxies, { echoes: urls })
    ).rows.map(({ state, reason }) => `${state} ${reason}`)
  const liar = (proxy: string, target: string) => proxy === 'p2' && target === 'one'
  expect(await states(['p1', 'p2', 'p3'], liar)).toEqual(['alive ok', 'lies not-an-echo', 'alive ok'])
  // One other may be wrong itself.
  expect(await states(['p1', 'p2'], liar)).toEqual(['alive ok', 'alive ok'])
  // The target itself says so to everybody.
  expect(await states(['p1', 'p2', 'p3'], (_, target) => target === 'one')).toEqual(Array(3).fill('alive ok'))
  // Over TLS no proxy can change a page: there the target has answered.
  const overTls = ['https://one.example/', 'http://two.example/']
  expect(await states(['p1', 'p2', 'p3'], liar, overTls)).toEqual(Array(3).fill('alive ok'))
})

test('a refusal in place of an echo is no lie', async () => {
  const { rows } = await check(
    (proxy, target) => (proxy === 'p2' && target === 'one' ? refusal(403) : echo()),
    ['p1', 'p2', 'p3'],
  )
  expect(rows.map(({ state }) => state)).toEqual(['alive', 'alive', 'alive'])
})
