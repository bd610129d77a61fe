import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

/** The command line as a real process: what a shell sees. */
export interface CommandRun {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  stdout(): string
  stderr(): string
  /** Resolves when stderr has a match. Rejects when the process ends first. */
  untilStderr(pattern: RegExp): Promise<void>
}

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const running = new Set<CommandRun>()

/** Ends what a failed test left running. */
export async function endCommands(): Promise<void> {
  for (const { child } of running) child.kill('SIGKILL')
  await Promise.all([...running].map(({ ended }) => ended))
}

export function startCommand(argv: readonly string[], env: Record<string, string> = {}): CommandRun {
  const { PROXY_URL: _url, PROXY_POOL: _pool, FORCE_COLOR: _colour, ...inherited } = process.env
  // A folder of its own, because that is where a crawl keeps its state.
  const cwd = mkdtempSync(join(tmpdir(), 'regatta-command-'))
  const child = spawn(process.execPath, [main, ...argv], {
    cwd,
    env: { ...inherited, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  const watchers = new Set<() => void>()
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => {
    stderr += chunk
    for (const watcher of watchers) watcher()
  })
  const { promise: ended, resolve } = Promise.withResolvers<{
    code: number | null
    signal: NodeJS.Signals | null
  }>()
  child.on('close', (code, signal) => resolve({ code, signal }))
  const run: CommandRun = {
    child,
    ended,
    stdout: () => stdout,
    stderr: () => stderr,
    untilStderr: (pattern) =>
      new Promise((found, failed) => {
        const watcher = () => {
          if (!pattern.test(stderr)) return
          watchers.delete(watcher)
          found()
        }
        watchers.add(watcher)
        watcher()
        void ended.then(() => failed(new Error(`it ended without ${pattern}:\n${stderr}`)))
      }),
  }
  running.add(run)
  void ended.then(() => {
    running.delete(run)
    rmSync(cwd, { recursive: true, force: true })
  })
  return run
}
