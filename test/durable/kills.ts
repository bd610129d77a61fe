import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../src/base/clock.ts'
import { createRandom } from '../../src/base/random.ts'
import { startLab } from '../../src/lab/index.ts'

/**
 * One crawl of the lab through many lives: each process is killed with SIGKILL at a random moment, most of them shortly
 * after they began to write, and `regatta resume` goes on. The lab says which pages there are; the output must hold each
 * of them once.
 */
export interface KillPlan {
  readonly folder: string
  readonly pages: number
  readonly kills: number
  readonly seed: number
  /** File name of the output; its end says what kind. */
  readonly out?: string
  /** Called before each life. */
  readonly beforeLife?: (life: number) => Promise<void>
}

export interface KillReport {
  readonly kills: number
  /** Lives that ended by themselves before they were killed. */
  readonly early: number
  readonly lines: number
  readonly torn: number
  readonly doubled: readonly string[]
  readonly missing: readonly string[]
  /** Pages the site sent, over the pages it has: 1 when nothing was fetched twice. */
  readonly served: number
}

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const longestLife = 30_000

export async function crawlThroughKills(plan: KillPlan): Promise<KillReport> {
  const random = createRandom(plan.seed)
  const { folder, pages, kills, out = 'pages.jsonl' } = plan
  await mkdir(folder, { recursive: true })
  await using lab = await startLab({
    seed: plan.seed,
    origins: { site: { site: { pages, linksPerPage: 8, pageBytes: 1_500 } } },
    proxies: [
      { name: 'good', count: 5 },
      { name: 'slow', count: 2, latency: 30 },
      { name: 'dead', count: 1, fault: 'dead' },
    ],
  })
  const list = join(folder, 'proxies.txt')
  await writeFile(list, lab.proxies.join('\n'))
  const file = join(folder, out)
  const state = join(folder, 'state')
  const { url } = lab.origins.site!
  const first = ['crawl', `${url}/`, '--proxies', list, '--out', file, '--state', state]
  const flags = ['--no-politeness', '--param', 'sitemaps=false', '--concurrency', '8', '--quiet']

  let early = 0
  let life = 0
  for (; life < kills; life++) {
    await plan.beforeLife?.(life)
    const isBegun = await exists(join(state, 'command.json'))
    const child = start(isBegun ? ['resume', state] : [...first, ...flags])
    await killLater(child, file, random)
    if (child.signalCode !== 'SIGKILL') early++
  }
  await plan.beforeLife?.(life)
  await finish(start((await exists(join(state, 'command.json'))) ? ['resume', state] : [...first, ...flags]))
  const books = (await lab.books()).origins.site!
  return {
    kills: kills - early,
    early,
    ...(await inspectOutput(file, url, pages)),
    served: books.requests / pages,
  }
}

export function start(argv: readonly string[]): ChildProcess {
  return spawn(process.execPath, [main, ...argv], { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** One life in five ends anywhere in its first second, the others right after they wrote something. */
async function killLater(child: ChildProcess, file: string, random: () => number): Promise<void> {
  child.stderr!.resume()
  const ended = once(child, 'exit')
  if (random() < 0.2) await pause(random() * 1_000)
  else {
    const before = await sizeOf(file)
    const until = systemClock.now() + longestLife
    while (child.exitCode === null && (await sizeOf(file)) === before && systemClock.now() < until)
      await pause(3)
    await pause(random() * 60)
  }
  child.kill('SIGKILL')
  await ended
}

async function finish(child: ChildProcess): Promise<void> {
  let text = ''
  child.stderr!.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`The last life ended with ${code}: ${text}`)
}

/** What is wrong with an output that should have each page of the site once. */
export async function inspectOutput(file: string, url: string, pages: number) {
  const text = await readFile(file, 'utf8')
  const urls: string[] = []
  let torn = text.endsWith('\n') ? 0 : 1
  for (const line of text.split('\n')) {
    if (line === '') continue
    try {
      urls.push((JSON.parse(line) as { url: string }).url)
    } catch {
      torn++
    }
  }
  const seen = new Set<string>()
  const doubled = urls.filter((each) => seen.size === seen.add(each).size)
  const expected = Array.from({ length: pages }, (_, n) => (n === 0 ? `${url}/` : `${url}/page/${n}`))
  return { lines: urls.length, torn, doubled, missing: expected.filter((each) => !seen.has(each)) }
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0
}

async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => systemClock.after(ms, resolve))
}
