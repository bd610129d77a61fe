import { resolve } from 'node:path'
import { counted, formatDuration } from '../base/format.ts'
import { Wheel } from '../base/wheel.ts'
import type { ProxyList } from '../contracts/provider.ts'
import { emptyList } from '../fleet/first-load.ts'
import { providerFor } from '../fleet/provider-for.ts'
import { type CheckRow, checkProxies } from '../health/check.ts'
import { parseOptions } from '../options/options.ts'
import { CredentialVault } from '../transport/credentials.ts'
import { createTransport } from '../transport/undici.ts'
import { UsageError } from './command-failure.ts'
import { openCounter } from './counter.ts'
import { readPem } from './files.ts'
import { listenForInterruption } from './interruption.ts'
import { type ExitCode, exitCodes, type Io } from './io.ts'
import { printable } from './render.ts'

export interface CheckFlags {
  readonly echo?: readonly string[]
  /** Milliseconds. */
  readonly timeout: number
  readonly concurrency: number
  readonly json?: true
  readonly ca?: string
  readonly quiet?: true
}

/** `regatta proxies check`: a row per proxy on stdout; exit 1 when none is alive. Interrupted, it tells what it knows. */
export async function checkCommand(list: string, flags: CheckFlags, io: Io): Promise<ExitCode> {
  const { echo = [], timeout, concurrency, json, quiet } = flags
  if (echo.length < 2) {
    throw new UsageError(
      'Whom should the proxies ask for their address? Give two endpoints that answer with it, of different hosts: --echo URL --echo URL. Two, because one that fails cannot be told from a proxy that fails.',
    )
  }
  const interruption = listenForInterruption(io)
  const { clock, stdin, env } = io
  try {
    const provider = providerFor(list, { clock, fetch, stdin, env })[0]!
    const loaded = await provider.load(interruption.first)
    for (const line of loaded.rejected) io.stderr.write(`${printable(`regatta: ${list}, ${line}`)}\n`)
    if (loaded.proxies.length === 0) throw emptyList([{ provider, list: loaded }])
    if (loaded.duplicates > 0 && quiet !== true) {
      io.stderr.write(`${counted(loaded.duplicates, 'duplicate')} left out.\n`)
    }
    const transport = await openTransport(loaded, flags, io)
    const rows: CheckRow[] = []
    const counter = openCounter(io, quiet === true, () => {
      const alive = rows.filter(({ state }) => state === 'alive').length
      return `${rows.length} of ${counted(loaded.proxies.length, 'proxy', 'proxies')} checked, ${alive} alive`
    })
    try {
      await checkProxies(
        loaded.proxies.map(({ endpoint }) => endpoint),
        {
          transport,
          echoes: echo,
          clock,
          concurrency,
          timeoutMs: timeout,
          signal: interruption.first,
          onResult: (row) => rows.push(row),
        },
      )
    } catch (error) {
      if (!interruption.first.aborted) throw error
    } finally {
      counter.end()
      await transport.close()
    }
    io.stdout.write(json ? `${JSON.stringify(rows.map(jsonRow), null, 2)}\n` : renderTable(rows))
    if (interruption.first.aborted) return exitCodes.interrupted
    return rows.some(({ state }) => state === 'alive') ? exitCodes.done : exitCodes.failed
  } finally {
    interruption.end()
  }
}

async function openTransport(list: ProxyList, { ca, timeout }: CheckFlags, io: Io) {
  const pem = ca === undefined ? undefined : await readPem(resolve(io.cwd, ca))
  // The defaults of every crawl; the probe's own limit ends it earlier.
  const options = parseOptions({ direct: true, ...(pem === undefined ? {} : { ca: pem }) })
  const credentials = new CredentialVault()
  for (const proxy of list.proxies) {
    if (proxy.credentials) credentials.set(proxy.endpoint.id, proxy.credentials)
  }
  const { timeouts, maxBody, bodies, maxRedirects, connections, allowPrivateTargets } = options
  return createTransport({
    timeouts: { ...timeouts, total: Math.max(timeouts.total, timeout) },
    maxBody,
    bodies,
    maxRedirects,
    connections,
    ca: options.ca,
    allowPrivateTargets,
    credentials,
    clock: io.clock,
    wheel: new Wheel(io.clock),
  })
}

function jsonRow({ proxy, state, reason, latencyMs, exits, anonymity }: CheckRow) {
  return {
    proxy: proxy.id,
    state,
    reason,
    latencyMs: latencyMs === undefined ? null : Math.round(latencyMs),
    exits,
    anonymity: anonymity ?? null,
  }
}

const order = { alive: 0, unclear: 1, dead: 2 } as const

/** Alive first, fastest first. Columns are as wide as what is in them. */
export function renderTable(rows: readonly CheckRow[]): string {
  const sorted = [...rows].sort(
    (a, b) => order[a.state] - order[b.state] || (a.latencyMs ?? 0) - (b.latencyMs ?? 0),
  )
  const cells = [
    ['PROXY', 'STATE', 'LATENCY', 'EXIT', 'ANONYMITY', 'REASON'],
    ...sorted.map(({ proxy, state, reason, latencyMs, exits, anonymity }) => [
      proxy.id,
      state,
      formatDuration(latencyMs),
      exits.join(' ') || '–',
      anonymity ?? '–',
      reason,
    ]),
  ]
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  const lines = cells.map((row) =>
    row.map((cell, column) => printable(cell).padEnd(widths[column]!)).join('  '),
  )
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}
