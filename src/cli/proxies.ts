import { resolve } from 'node:path'
import { counted, formatDuration } from '../base/format.ts'
import { Wheel } from '../base/wheel.ts'
import type { ParsedProxy } from '../contracts/endpoint.ts'
import { messageOf } from '../contracts/errors.ts'
import type { ProxyList, ProxyProvider } from '../contracts/provider.ts'
import { type ProxyFilter, passesFilter } from '../contracts/proxy-filter.ts'
import { emptyList } from '../fleet/first-load.ts'
import { forEachAtOnce } from '../fleet/in-parallel.ts'
import { distinctProxies, proxyUrl } from '../fleet/label.ts'
import { noProxyPasses } from '../fleet/no-proxy-passes.ts'
import type { ParseDefaults } from '../fleet/parse-proxy.ts'
import { providerFor } from '../fleet/provider-for.ts'
import { withProtocol } from '../fleet/scheme-finder.ts'
import { tagWords } from '../fleet/tags.ts'
import { type CheckRow, checkProxies } from '../health/check.ts'
import { withLiars } from '../health/replaced-answers.ts'
import { parseOptions } from '../options/options.ts'
import { CredentialVault } from '../transport/credentials.ts'
import { probeScheme } from '../transport/probe-scheme.ts'
import { createTransport } from '../transport/socket-transport.ts'
import { openCounter } from './counter.ts'
import { assertWritable, fileFrom, readPem, writeWhole } from './files.ts'
import { listenForInterruption } from './interruption.ts'
import { type ExitCode, exitCodes, type Io } from './io.ts'
import { printable } from './terminal/cells.ts'
import { otherScheme } from './wrong-scheme.ts'

export interface CheckFlags {
  readonly echo?: readonly string[]
  /** Milliseconds. */
  readonly timeout: number
  readonly concurrency: number
  readonly json?: true
  /** A file for those that are alive. */
  readonly out?: string
  readonly proxyScheme?: NonNullable<ParseDefaults['protocol']>
  /** Only these of them. */
  readonly use?: ProxyFilter
  readonly allowPrivateProxies?: true
  readonly ca?: string
  readonly quiet?: true
}

/** Where a proxy is asked to go when `--echo` names nothing: the first one also tells which headers arrived. */
const defaultEchoes = ['http://httpbin.org/get', 'https://api.ipify.org/?format=json'] as const

/** `regatta proxies check`: a row per proxy on stdout; exit 1 when none is alive. Interrupted, it tells what it knows. */
export async function checkCommand(places: readonly string[], flags: CheckFlags, io: Io): Promise<ExitCode> {
  const { echo = defaultEchoes, timeout, concurrency, json, quiet, out } = flags
  const path = out === undefined ? undefined : resolve(io.cwd, out)
  if (path !== undefined) await assertWritable(path)
  const interruption = listenForInterruption(io)
  const { clock } = io
  try {
    const proxies = await loadAll(places, flags, io, interruption.first)
    const transport = await openTransport(proxies, flags, io)
    const found: CheckRow[] = []
    const counter = openCounter(io, quiet === true, () => {
      const alive = found.filter(({ state }) => state === 'alive').length
      return `${found.length} of ${counted(proxies.length, 'proxy', 'proxies')} checked, ${alive} alive`
    })
    try {
      await checkProxies(
        proxies.map(({ endpoint }) => endpoint),
        {
          transport,
          echoes: echo,
          clock,
          concurrency,
          timeoutMs: timeout,
          signal: interruption.first,
          onResult: (row) => found.push(row),
        },
      )
    } catch (error) {
      if (!interruption.first.aborted) throw error
    } finally {
      counter.end()
      await transport.close()
    }
    const rows = withLiars(found)
    await nameOtherSchemes(rows, io)
    io.stdout.write(json ? `${JSON.stringify(rows.map(jsonRow), null, 2)}\n` : renderTable(rows))
    tellLiars(rows, quiet === true, io)
    const alive = new Set(rows.filter(({ state }) => state === 'alive').map(({ proxy }) => proxy.id))
    if (path !== undefined) {
      const kept = proxies.filter(({ endpoint }) => alive.has(endpoint.id))
      await writeWhole(path, kept.map((proxy) => `${lineOf(proxy)}\n`).join(''), 0o600)
      if (quiet !== true) io.stderr.write(`${counted(kept.length, 'proxy', 'proxies')} written to ${out}.\n`)
    }
    if (interruption.first.aborted) return exitCodes.interrupted
    if (alive.size > 0) return exitCodes.done
    io.stderr.write(
      `regatta: no proxy reached ${echo.map((each) => URL.parse(each)?.host).join(' or ')}. Where you know an endpoint that answers with the caller's address, name it: --echo URL.\n`,
    )
    return exitCodes.failed
  } finally {
    interruption.end()
  }
}

function tellLiars(rows: readonly CheckRow[], quiet: boolean, { stderr }: Io): void {
  const liars = rows.filter(({ state }) => state === 'lies')
  if (liars.length === 0 || quiet) return
  const [target] = liars[0]!.replaced
  const who = counted(liars.length, 'proxy brings', 'proxies bring')
  stderr.write(
    printable(
      `regatta: ${who} something else in place of ${target} than others do: over plain HTTP it lies.`,
    ),
  )
  stderr.write('\n')
}

/** A dead proxy may only be spoken to in the wrong way: then its reason says what it speaks. */
async function nameOtherSchemes(rows: CheckRow[], { clock }: Io): Promise<void> {
  await forEachAtOnce(rows, 50, async (row, index) => {
    if (row.state !== 'dead' || /^(?:dial-|proxy-dns|proxy-auth)/.test(row.reason)) return
    const spoken = await otherScheme(row.proxy.id, clock)
    if (spoken !== undefined) rows[index] = { ...row, reason: `speaks-${spoken}` }
  })
}

/** Every list, in one; those without a scheme are asked for theirs. */
export async function loadAll(
  places: readonly string[],
  {
    proxyScheme,
    timeout,
    concurrency,
    quiet,
    use,
    allowPrivateProxies: allowPrivate,
  }: Pick<CheckFlags, 'proxyScheme' | 'timeout' | 'concurrency' | 'quiet' | 'use' | 'allowPrivateProxies'>,
  io: Io,
  signal: AbortSignal,
): Promise<readonly ParsedProxy[]> {
  const { clock, stdin, env, stderr, cwd } = io
  const named = places.map((each) => fileFrom(cwd, each))
  const defaults = proxyScheme && { protocol: proxyScheme }
  const context = { clock, fetch, stdin, env, allowPrivate, ...(defaults && { defaults }) }
  const providers = providerFor(named.length === 1 ? named[0] : named, context)
  const loads = await loadEach(providers, signal, (line) =>
    stderr.write(`${printable(`regatta: ${line}`)}\n`),
  )
  for (const { provider, list } of loads) {
    for (const line of list.rejected) stderr.write(`${printable(`regatta: ${provider.name}, ${line}`)}\n`)
  }
  const listed = loads.flatMap(({ list }) => list.proxies)
  if (listed.length === 0) throw emptyList(loads)
  const asked: ParsedProxy[] = [...listed]
  await forEachAtOnce(listed, concurrency, async (proxy, index) => {
    if (!proxy.guessed || signal.aborted) return
    const found = await probeScheme(proxy.endpoint, { clock, timeoutMs: timeout, signal })
    asked[index] = withProtocol(proxy, found)
  })
  const wanted = use ? asked.filter(({ endpoint }) => passesFilter(endpoint, use)) : asked
  if (use && wanted.length === 0)
    throw noProxyPasses(
      asked.map(({ endpoint }) => endpoint),
      use,
      '--use',
    )
  const { proxies, duplicates } = distinctProxies(wanted)
  const twice = loads.reduce((sum, { list }) => sum + list.duplicates, duplicates)
  if (twice > 0 && quiet !== true) stderr.write(`${counted(twice, 'duplicate')} left out.\n`)
  return proxies
}

/** Somebody else's list that cannot be had is told, and costs the others nothing. */
async function loadEach(
  providers: readonly ProxyProvider[],
  signal: AbortSignal,
  warn: (line: string) => void,
): Promise<readonly { provider: ProxyProvider; list: ProxyList }[]> {
  const settled = await Promise.allSettled(providers.map((provider) => provider.load(signal)))
  const loads: { provider: ProxyProvider; list: ProxyList }[] = []
  const failures: unknown[] = []
  for (const [index, each] of settled.entries()) {
    const provider = providers[index]!
    if (each.status === 'fulfilled') loads.push({ provider, list: each.value })
    else if (provider.trusted || signal.aborted) throw each.reason
    else failures.push(each.reason)
  }
  if (loads.length === 0 && failures.length > 0) throw failures[0]
  for (const failure of failures) warn(messageOf(failure))
  return loads
}

/** A line that a list may hold. */
export function lineOf(proxy: ParsedProxy): string {
  return [proxyUrl(proxy), ...tagWords(proxy.endpoint.tags)].join(' ')
}

async function openTransport(proxies: readonly ParsedProxy[], { ca, timeout }: CheckFlags, io: Io) {
  const pem = ca === undefined ? undefined : await readPem(resolve(io.cwd, ca))
  // The defaults of every crawl; the probe's own limit ends it earlier.
  const options = parseOptions({ direct: true, ...(pem === undefined ? {} : { ca: pem }) })
  const credentials = new CredentialVault()
  for (const proxy of proxies) {
    if (proxy.credentials) credentials.set(proxy.endpoint.id, proxy.credentials)
  }
  const { timeouts, maxBody, bodies, connections, allowPrivateTargets } = options
  return createTransport({
    timeouts: { ...timeouts, total: Math.max(timeouts.total, timeout) },
    maxBody,
    bodies,
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

const order = { alive: 0, lies: 1, unclear: 2, dead: 3 } as const

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
