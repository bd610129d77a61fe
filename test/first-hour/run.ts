import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Situation } from './situations.ts'
import { World } from './world.ts'

/** What came of a situation. */
export interface Ending {
  readonly seconds: number
  readonly code: number | null
  /** What stood on the screen, without what differs from run to run. */
  readonly screen: string
}

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** Plays one situation with the command line as a process of its own, in an empty folder. */
export async function play(situation: Situation): Promise<Ending> {
  await using world = new World()
  const folder = await mkdtemp(join(tmpdir(), 'regatta-first-hour-'))
  try {
    const command = await situation.set(world, folder)
    if (command.before) await type(command.before, folder, situation)
    const began = performance.now()
    const { code, screen } = await type(command.argv, folder, situation)
    return { seconds: (performance.now() - began) / 1_000, code, screen: steady(screen, folder, situation) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A slow machine may take several times what a quick one does; longer is a hang. */
export const mostSeconds = 100

async function type(argv: readonly string[], cwd: string, { interrupts = [] }: Situation) {
  // Hints name the command as it was typed, which npm tells: here it is typed plainly, whoever runs the tests.
  const isOthers = (name: string) => name.startsWith('npm_') || name === 'PROXY_URL' || name === 'PROXY_POOL'
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOthers(name)))
  const child = spawn(process.execPath, [main, ...argv], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let screen = ''
  let interrupted = 0
  const end = setTimeout(() => child.kill('SIGKILL'), mostSeconds * 1_000)
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      screen += chunk
      if (!interrupts[interrupted]?.test(screen)) return
      interrupted++
      child.kill('SIGINT')
    })
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  clearTimeout(end)
  return { code, screen }
}

/** Without folders, ports, durations, rates and the lines that show how far it is. */
function steady(screen: string, folder: string, { interrupts }: Situation): string {
  const plain = interrupts
    ? screen.replace(/\b\d+ (page|item|request)s?\b/g, 'N $1s').replace(/\d+ left/g, 'N left')
    : screen
  return plain
    .split('\n')
    .filter((line) => !/ (?:running|queued) ·| \| \d+ prox/.test(line))
    .join('\n')
    .replaceAll(folder, 'FOLDER')
    .replaceAll(root, 'REGATTA')
    .replace(/127\.\d+\.\d+\.\d+(?::\d+)?/g, '127.0.0.1:PORT')
    .replace(/\d+(?:[.,]\d+)* ?(?:ms|s|min|kB|MB|B)\b/g, 'N')
    .replace(/\b\d+(?:\.\d+)?\/s/g, 'N/s')
    .replace(/\d+(?:\.\d+)? per page/g, 'N per page')
    .replace(/^attempts {2}\d+/gm, 'attempts  N')
    .replace(/\.regatta\/[\w.:-]+/g, '.regatta/CRAWL')
    .trimEnd()
}

/** Without what is told early only where the machine is slow enough. */
export function essential(screen: string): string {
  const lines = screen.trimEnd().split('\n')
  return lines.filter((line) => !/\((?:HOST_UNREACHABLE|CREDENTIAL_REFUSED)\)$/.test(line)).join('\n')
}
