import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startLab } from '../../src/lab/lab.ts'
import { defineConfig } from '../../src/options/config.ts'
import { parseOptions } from '../../src/options/options.ts'
import { createTerminal } from './terminal.ts'

/** `regatta.config.*`, `regatta init` and `regatta config`, as typed in a folder of one's own. */

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-config-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const write = (name: string, text: string) => writeFile(join(folder, name), text)

async function run(words: readonly string[], env: Record<string, string> = {}) {
  const terminal = createTerminal({ cwd: folder, env })
  const code = await terminal.run(...words)
  return { code, out: terminal.stdout(), err: terminal.stderr() }
}

/** What `regatta config --json` says of each option: value and origin. */
async function shown(words: readonly string[], env?: Record<string, string>) {
  const { code, out, err } = await run(['config', '--json', ...words], env)
  expect(err).toBe('')
  expect(code).toBe(0)
  const rows = JSON.parse(out) as { option: string; value: unknown; from: string }[]
  return Object.fromEntries(rows.map(({ option, value, from }) => [option, [value, from]]))
}

const file = {
  preset: 'residential',
  concurrency: 10,
  hedge: { max: 3, minDelay: 700 },
  headers: { authorization: 'Bearer abc' },
  profiles: { night: { concurrency: 20, hedge: { max: 2 } }, bare: { hedge: false } },
}

describe('a configuration', () => {
  test('is laid over the preset, a profile over it and flags over all, part by part', async () => {
    await write('regatta.config.json', JSON.stringify(file))
    const plain = await shown([])
    expect(plain['concurrency']).toEqual([10, 'regatta.config.json'])
    expect(plain['hedge.max']).toEqual([3, 'regatta.config.json'])
    expect(plain['hedge.coldDelay']).toEqual([4_000, 'preset residential'])
    expect(plain['headers.authorization']).toEqual(['…', 'regatta.config.json'])
    const night = await shown(['--profile', 'night', '--concurrency', '30'])
    expect(night['concurrency']).toEqual([30, 'flag'])
    expect(night['hedge.max']).toEqual([2, 'profile night'])
    expect(night['hedge.minDelay']).toEqual([700, 'regatta.config.json'])
    expect((await shown(['--profile', 'bare']))['hedge']).toEqual([false, 'profile bare'])
    expect((await shown(['--no-config']))['concurrency']).toBeUndefined()
  })

  test.each(['ts', 'mts', 'js', 'mjs'])('is found as regatta.config.%s', async (end) => {
    await write('package.json', '{"type":"module"}')
    await write(`regatta.config.${end}`, 'export default { concurrency: 7 }\n')
    expect((await shown([]))['concurrency']).toEqual([7, `regatta.config.${end}`])
  })

  test.each([
    [{ hedg: {} }, 'regatta.config.json: Option "hedg": there is no such option. Did you mean "hedge"?'],
    [
      { hosts: { 'a.example': { brekker: {} } } },
      'Option "hosts.a.example.brekker": there is no such option. Did you mean "hosts.a.example.breaker"?',
    ],
    [
      { profiles: { night: { hedge: { mx: 3 } } } },
      'Option "profiles.night.hedge.mx": there is no such option. Did you mean "profiles.night.hedge.max"?',
    ],
    [{ profiles: { x: { timeouts: { dial: 'soon' } } } }, 'Option "profiles.x.timeouts.dial": '],
    [{ profiles: [] }, 'Option "profiles": expected an object'],
    [[], 'expected an object of options'],
  ])('that is wrong is refused with the path of the value: %j', async (config, message) => {
    await write('regatta.config.json', JSON.stringify(config))
    const { code, err } = await run(['config'])
    expect(code).toBe(2)
    expect(err).toContain(message)
  })

  test('names the profiles there are, and a missing file', async () => {
    await write('regatta.config.json', JSON.stringify(file))
    expect((await run(['config', '--profile', 'nigth'])).err).toContain(
      'did you mean "night"; there are night, bare',
    )
    expect((await run(['config', '--config', 'other.ts'])).err).toContain(
      'There is no configuration file other.ts.',
    )
    await write('regatta.config.js', 'export default {}')
    expect((await run(['config'])).err).toContain('There are regatta.config.js and regatta.config.json here')
    await rm(join(folder, 'regatta.config.js'))
    await rm(join(folder, 'regatta.config.json'))
    expect((await run(['config', '--profile', 'x'])).err).toContain('regatta init')
  })

  test('takes secrets from the environment, and never shows them', async () => {
    await write('regatta.config.json', '{ "proxies": "http://user:${PROXY_PASSWORD}@127.0.0.1:9" }')
    const missing = await run(['config'])
    expect(missing).toMatchObject({ code: 2 })
    expect(missing.err).toContain('"proxies" needs the variable PROXY_PASSWORD')
    const { out } = await run(['config'], { PROXY_PASSWORD: 'hunter2' })
    expect(out).toContain('127.0.0.1:9')
    expect(out).not.toContain('hunter2')
    await write('regatta.config.json', '{ "headers": { "cookie": "hunter2" },\n oops }')
    const broken = await run(['config'])
    expect(broken.err).toContain('regatta.config.json is no JSON: see line 2.')
    expect(broken.err).not.toContain('hunter2')
  })

  test('is read with the mark that editors on Windows put in front; comments are told where they may stand', async () => {
    await write('regatta.config.json', '\uFEFF{ "hedge": { "max": 2 } }')
    expect((await shown([]))['hedge.max']).toEqual([2, 'regatta.config.json'])
    await write('regatta.config.json', '// mine\n{ hedge: { max: 2 }, }')
    const { code, err } = await run(['config'])
    expect(code).toBe(2)
    expect(err).toContain('is no JSON. Comments and commas at the end belong in a regatta.config.ts.')
  })

  test('leads a crawl: its proxies, limits and state hold without a flag, from where the file lies', async () => {
    await using lab = await startLab({ origins: { shop: { site: { pages: 30 } } }, proxies: [{ count: 2 }] })
    await mkdir(join(folder, 'conf'))
    await write('conf/list.txt', lab.proxies.join('\n'))
    const config = {
      proxies: 'list.txt',
      state: 'kept',
      politeness: false,
      trust: 'blind',
      maxBytes: 20_000,
      prices: [{ perGB: 5 }],
      currency: 'EUR',
    }
    await write('conf/mine.json', JSON.stringify(config))
    const url = `${lab.origins.shop!.url}/`
    const { code, err } = await run(['crawl', url, '--config', 'conf/mine.json', '--summary', 's.json'])
    expect(err).toContain('CAP_REACHED')
    expect(err).toMatch(/at its cap: .*--max-bytes/)
    expect(err).toMatch(/cost +0\.\d+ EUR/)
    expect(code).toBe(0)
    const summary = JSON.parse(await readFile(join(folder, 's.json'), 'utf8'))
    expect(summary).toMatchObject({ ending: 'spent', spending: { currency: 'EUR' } })
    expect(summary.spending.sent + summary.spending.received).toBeLessThan(22_000)
    const more = await run(['resume', 'conf/kept', '--max-bytes', '10MB', '--summary', 's.json'])
    expect(more.code).toBe(0)
    expect(JSON.parse(await readFile(join(folder, 's.json'), 'utf8'))).toMatchObject({ ending: 'finished' })
  })

  test('is typed', () => {
    const config = defineConfig({
      hosts: { 'a.example': { concurrency: 2 } },
      profiles: { x: { hedge: false } },
    })
    expect(config.profiles?.x?.hedge).toBe(false)
    // @ts-expect-error There is no such option.
    expect(() => parseOptions(defineConfig({ hegde: false }))).toThrow('hedge')
  })
})

describe('regatta init', () => {
  test('writes a file that is read as it stands, and overwrites none', async () => {
    expect((await run(['init', '--json'])).code).toBe(0)
    expect((await shown(['--profile', 'test']))['preset']).toEqual(['dev', 'profile test'])
    const again = await run(['init'])
    expect(again.code).toBe(2)
    expect(again.err).toContain('regatta.config.json exists already')
    await rm(join(folder, 'regatta.config.json'))
    expect((await run(['init'])).code).toBe(0)
    expect(await readFile(join(folder, 'regatta.config.ts'), 'utf8')).toContain(
      'export default defineConfig({',
    )
  })
})

describe('flags', () => {
  test('reach every option, some by a name of their own', async () => {
    const found = await shown([
      ...['--set', 'breaker.run=2', '--set', 'hosts[api.example.com].concurrency=4', '--set', 'hedge=false'],
      ...[
        '--max-bytes',
        '1.5GB',
        '--refresh',
        '5m',
        '--proxy-class',
        'mobile',
        '--max-requests-per-proxy',
        '9',
      ],
      ...['--check', 'https://a.example/ip', '--check', 'https://b.example/ip', '--check-interval', '5s'],
      ...['--eviction-samples', '12', '--price', 'provider=acme 1.2USD/month', '--price', '3.5USD/GB'],
    ])
    expect(found).toMatchObject({
      'breaker.run': [2, 'flag'],
      'hosts[api.example.com].concurrency': [4, 'flag'],
      hedge: [false, 'flag'],
      maxBytes: [1_500_000_000, 'flag'],
      refresh: [300_000, 'flag'],
      proxyClass: ['mobile', 'flag'],
      maxRequestsPerProxy: [9, 'flag'],
      'health.interval': [5_000, 'flag'],
      'eviction.samples': [12, 'flag'],
      prices: [[{ proxies: { provider: 'acme' }, perMonth: 1.2 }, { perGB: 3.5 }], 'flag'],
      currency: ['USD', 'flag'],
    })
  })

  test.each([
    [
      ['--set', 'breaker.runs=2'],
      'Option "breaker.runs": there is no such option. Did you mean "breaker.run"?',
    ],
    [['--set', '__proto__.direct=true'], 'Option "__proto__": there is no such option'],
    [['--set', 'hedge.__proto__.max=5'], 'Option "hedge.__proto__": there is no such option'],
    [['--set', 'breaker.run'], '--set takes path=value'],
    [['--set', 'proxies=x'], 'use --proxies'],
    [['--max-bytes', '5'], 'Expected a size'],
    [['--price', '3USD', '--price', '4EUR'], 'Expected one currency'],
    [['--price', 'provder=acme 3'], 'did you mean "provider"'],
  ])('that are wrong say so: %j', async (words, message) => {
    const { code, err } = await run(['config', ...words])
    expect(code).toBe(2)
    expect(err).toContain(message)
  })

  test('--max-cost asks for a price', async () => {
    const { code, err } = await run(['crawl', 'http://shop.example/', '--direct', '--max-cost', '5'])
    expect(code).toBe(2)
    expect(err).toContain('--price 3.5USD')
  })
})
