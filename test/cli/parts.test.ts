import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { failureOf } from '../../src/cli/command-failure.ts'
import { attemptsIn } from '../../src/cli/dead.ts'
import { openDisplay } from '../../src/cli/display.ts'
import { writeWhole } from '../../src/cli/files.ts'
import { listenForInterruption, unlessInterrupted } from '../../src/cli/interruption.ts'
import { recordOpenings, renderOpenings } from '../../src/cli/openings.ts'
import { progressView } from '../../src/cli/progress.ts'
import { renderTable } from '../../src/cli/proxies.ts'
import { summarySoFar, summaryText } from '../../src/cli/summary.ts'
import { RegattaError } from '../../src/contracts/errors.ts'
import { ManualClock } from '../manual-clock.ts'
import { noProxies, noTrust, ObservedStation, progressReading, statsReading } from './readings.ts'
import { createTerminal } from './terminal.ts'

const view = () => progressView({ progress: progressReading(), stats: statsReading(), now: 0 })

describe('errors at the border', () => {
  test('a typed error is one line with its code; the code decides between 1 and 2', () => {
    expect(
      failureOf(
        new RegattaError('PROXY_LIST_EMPTY', 'No usable proxy in x.', {
          value: { sources: ['x'], rejected: 0 },
        }),
      ),
    ).toEqual({
      exitCode: 1,
      text: 'regatta: No usable proxy in x. (PROXY_LIST_EMPTY)',
    })
    expect(
      failureOf(new RegattaError('SOURCE_UNKNOWN', 'No such source.', { value: { source: 'x' } })).exitCode,
    ).toBe(2)
  })

  test('anything else is a bug and shows its stack', () => {
    const { exitCode, text } = failureOf(new TypeError('x is undefined'))
    expect(exitCode).toBe(1)
    expect(text).toMatch(/bug in Regatta[\s\S]*TypeError: x is undefined\n +at /)
  })

  test('a reader that went away is a clean end', () => {
    const cause = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })
    expect(
      failureOf(
        new RegattaError('SINK_FAILED', 'Cannot write to stdout.', {
          value: { sink: 'stdout', errno: 'EPIPE', isPermanent: true },
          cause,
        }),
      ),
    ).toEqual({
      exitCode: 0,
      text: '',
    })
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' })
    expect(
      failureOf(
        new RegattaError('SINK_FAILED', 'Disk full.', {
          value: { sink: 'x', errno: 'ENOSPC', isPermanent: false },
          cause: full,
        }),
      ).exitCode,
    ).toBe(1)
  })
})

describe('interruption', () => {
  test('the first signal and the second are told apart, and then nobody listens', () => {
    const terminal = createTerminal()
    const { first, second } = listenForInterruption(terminal.io)
    terminal.signal()
    expect([first.aborted, second.aborted]).toEqual([true, false])
    terminal.signal()
    expect(second.aborted).toBe(true)
    expect(terminal.listeners()).toBe(0)
  })

  test('a wait ends with the signal, and what comes late is handed over', async () => {
    const controller = new AbortController()
    const { promise, resolve } = Promise.withResolvers<string>()
    const late = Promise.withResolvers<string>()
    const waiting = unlessInterrupted(promise, controller.signal, late.resolve)
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ name: 'Interrupted' })
    resolve('crawler')
    expect(await late.promise).toBe('crawler')
  })
})

describe('progress', () => {
  test('on a terminal one block is redrawn in place, and other lines land above it', async () => {
    const clock = new ManualClock()
    const terminal = createTerminal({
      clock,
      isTTY: true,
      columns: 100,
      env: { NO_COLOR: '1', TERM: 'vt100' },
    })
    const display = openDisplay(terminal.io, false, view)
    await clock.advance(250)
    const first = terminal.stderr()
    expect(first).toMatch(/^pages +10 pages.*\n.*\nproxies +20: .*\nlimit .*\n$/)
    display.warn('regatta: look')
    expect(terminal.stderr().slice(first.length)).toContain('\r\u001b[4A\u001b[0Jregatta: look\npages')
    display.end()
    expect(clock.waiting).toBe(0)
    expect(terminal.stderr()).not.toContain('\u001b[0m')
  })

  test('a terminal that does not know its width gets 80 columns', async () => {
    const clock = new ManualClock()
    const terminal = createTerminal({ clock, isTTY: true, columns: 0 })
    const display = openDisplay(terminal.io, false, view)
    await clock.advance(250)
    expect(terminal.stderr()).toContain('10 pages')
    display.end()
  })

  test('elsewhere it is a plain line every five seconds', async () => {
    const clock = new ManualClock()
    const terminal = createTerminal({ clock })
    const display = openDisplay(terminal.io, false, view)
    await clock.advance(10_000)
    expect(terminal.stderr().trimEnd().split('\n')).toHaveLength(2)
    expect(terminal.stderr()).not.toContain('\u001b')
    display.end()
    expect(clock.waiting).toBe(0)
  })

  test('quiet silences progress and notes, not warnings', async () => {
    const clock = new ManualClock()
    const terminal = createTerminal({ clock, isTTY: true })
    const display = openDisplay(terminal.io, true, view)
    await clock.advance(10_000)
    display.note('finishing')
    display.warn('regatta: look')
    display.end()
    expect(terminal.stderr()).toBe('regatta: look\n')
  })
})

describe('files', () => {
  test('a summary has every total, null where nothing was measured, and how it ended', () => {
    const text = summaryText(summarySoFar('failed'), new RegattaError('SOURCE_FAILED', 'seeds() threw.'))
    expect(JSON.parse(text)).toEqual({
      ending: 'failed',
      error: { code: 'SOURCE_FAILED', message: 'seeds() threw.' },
      pages: 0,
      items: 0,
      edges: 0,
      failed: 0,
      gone: 0,
      setAside: 0,
      skipped: 0,
      unchanged: 0,
      askedAgain: 0,
      corrected: 0,
      contested: 0,
      marked: 0,
      empty: 0,
      earlier: null,
      queued: 0,
      attempts: 0,
      hedges: 0,
      bytes: 0,
      spending: { requests: 0, sent: 0, received: 0, cost: 0, rent: 0, currency: '', reached: null },
      trust: noTrust,
      wallMs: 0,
      latencyMs: { p50: null, p95: null, p99: null },
      hosts: {},
      proxies: noProxies,
      trapped: [],
      leftOut: [],
      emptyPages: [],
    })
  })

  test('a file is replaced as a whole, and no other is left beside it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'regatta-files-'))
    try {
      const path = join(folder, 'summary.json')
      await writeWhole(path, 'old')
      await writeWhole(path, 'new')
      expect(await readFile(path, 'utf8')).toBe('new')
      expect(await readdir(folder)).toEqual(['summary.json'])
      await expect(writeWhole(join(folder, 'none', 'x'), 'x')).rejects.toMatchObject({ code: 'SINK_FAILED' })
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

test('proxies that were taken out are listed with why, how often and whether they came back', () => {
  const crawler = new ObservedStation()
  const log = recordOpenings(crawler)
  const move = { host: undefined, from: 'closed', until: undefined } as const
  crawler.emit('proxy.state', { ...move, proxy: 'socks5://a:1', to: 'open', reason: 'dial-refused' })
  crawler.emit('proxy.state', { ...move, proxy: 'socks5://a:1', to: 'halfOpen', reason: 'cooldown' })
  crawler.emit('proxy.state', { ...move, proxy: 'socks5://a:1', to: 'open', reason: 'dial-timeout' })
  crawler.emit('proxy.state', { ...move, proxy: 'socks5://bb:1', to: 'open', reason: 'reset' })
  crawler.emit('proxy.state', { ...move, proxy: 'socks5://bb:1', to: 'closed', reason: 'probe' })
  expect(renderOpenings(log.list())).toEqual([
    '  socks5://a:1   open: dial-refused, dial-timeout, 2 times',
    '  socks5://bb:1  open: reset, back in service',
  ])
  log.detach()
  expect(crawler.events.eventNames()).toEqual([])
})

test('of more than five answers five are kept, so five may have been more', () => {
  const heads = (count: number) =>
    Array.from({ length: count }, () => ({ proxy: 'direct', reason: 'x', at: 0 }))
  expect([1, 4, 5].map((count) => attemptsIn(heads(count)))).toEqual([
    ...['1 attempt', '4 attempts', '5 attempts or more'],
  ])
})

test('the table of a proxy check has the fastest of the living first', () => {
  const row = (id: string, latencyMs?: number) =>
    ({
      proxy: {
        id,
        protocol: 'socks5',
        host: 'h',
        port: 1,
        credentialGroup: '',
        network: 'n',
        tags: {},
      },
      state: latencyMs === undefined ? 'dead' : 'alive',
      reason: latencyMs === undefined ? 'dial-refused' : 'ok',
      latencyMs,
      exits: latencyMs === undefined ? [] : ['192.0.2.7'],
      anonymity: undefined,
      echoed: [],
      replaced: [],
    }) as const
  expect(renderTable([row('socks5://a:1'), row('socks5://bb:1', 80), row('socks5://c:1', 40)])).toBe(
    [
      'PROXY          STATE  LATENCY  EXIT       ANONYMITY  REASON',
      'socks5://c:1   alive  40 ms    192.0.2.7  –          ok',
      'socks5://bb:1  alive  80 ms    192.0.2.7  –          ok',
      'socks5://a:1   dead   –        –          –          dial-refused',
      '',
    ].join('\n'),
  )
})
