import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Debian's Prometheus, brought by install.sh, with the configuration and the rules of deploy/ on a faster clock. */

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
export const deployed = (path: string) => here(`../../deploy/${path}`)

let programs: string | undefined
function program(name: string): string {
  programs ??= execFileSync('sh', [here('install.sh')], { encoding: 'utf8' }).trim()
  return join(programs, name)
}

/** What promtool says, and whether all is well. */
export async function promtool(args: readonly string[], input = ''): Promise<{ ok: boolean; said: string }> {
  const { promise, resolve } = Promise.withResolvers<{ ok: boolean; said: string }>()
  const child = execFile(program('promtool'), [...args], (error, stdout, stderr) =>
    resolve({ ok: error === null, said: stdout + stderr }),
  )
  child.stdin?.end(input)
  return promise
}

export interface Prometheus extends AsyncDisposable {
  /** The samples of an instant query; throws what Prometheus says is wrong with it. */
  query(expression: string): Promise<readonly Sample[]>
  /** Targets that it cannot read, and why. */
  troubles(): Promise<readonly string[]>
  /** Names of the alerts that fire. */
  firing(): Promise<readonly string[]>
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [at: number, value: string]
}

/** Scrapes these addresses every second. Alerts fire at once: how long they wait is tested with promtool. */
export async function startPrometheus(targets: readonly string[]): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'regatta-prometheus-'))
  const config = await readFile(deployed('prometheus/prometheus.yml'), 'utf8')
  const list = targets.map((target) => `          - ${target}`).join('\n')
  const fast = config.replaceAll('15s', '1s').replace('          - 127.0.0.1:9464', list)
  const rules = await readFile(deployed('prometheus/alerts.yml'), 'utf8')
  await writeFile(join(folder, 'prometheus.yml'), fast)
  await writeFile(join(folder, 'alerts.yml'), rules.replaceAll(/^ {8}for: .*\n/gm, ''))
  const port = await freePort()
  const address = `127.0.0.1:${port}`
  const child = spawn(
    program('prometheus'),
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let log = ''
  child.stderr.on('data', (text) => (log = `${log}${text}`.slice(-4_000)))
  const ended = once(child, 'exit')
  const ask = async (path: string): Promise<Answer> => {
    const response = await fetch(`http://${address}/api/v1/${path}`)
    const answer = (await response.json()) as Answer
    if (answer.status !== 'success') throw new Error(`${answer.error}: ${path}`)
    return answer
  }
  await untilReady(
    `http://${address}/-/ready`,
    () => child.exitCode !== null,
    () => log,
  )
  return {
    query: async (expression) => (await ask(`query?query=${encodeURIComponent(expression)}`)).data.result,
    troubles: async () => {
      const { activeTargets } = (await ask('targets')).data
      return activeTargets.flatMap(({ scrapeUrl, lastError }) =>
        lastError ? [`${scrapeUrl}: ${lastError}`] : [],
      )
    },
    firing: async () => {
      const { alerts } = (await ask('alerts')).data
      return alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname!)
    },
    async [Symbol.asyncDispose]() {
      child.kill()
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

interface Answer {
  readonly status: string
  readonly error?: string
  readonly data: {
    readonly result: readonly Sample[]
    readonly activeTargets: readonly { readonly scrapeUrl: string; readonly lastError: string }[]
    readonly alerts: readonly { readonly state: string; readonly labels: Readonly<Record<string, string>> }[]
  }
}

async function untilReady(url: string, hasEnded: () => boolean, log: () => string): Promise<void> {
  for (;;) {
    if (hasEnded()) throw new Error(`Prometheus has ended:\n${log()}`)
    const isReady = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isReady) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
