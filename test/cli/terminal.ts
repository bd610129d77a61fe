import { Writable } from 'node:stream'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import type { Io } from '../../src/cli/io.ts'
import { main } from '../../src/cli/program.ts'

/** A command line without a process: what is written is kept, signals are sent by calling. */
export interface Terminal {
  readonly io: Io
  run(...argv: string[]): Promise<number>
  signal(): void
  /** Whether anybody still listens for signals. */
  listeners(): number
  readonly stdout: () => string
  readonly stderr: () => string
}

export interface TerminalOptions {
  readonly env?: Record<string, string>
  readonly cwd?: string
  readonly stdin?: string
  readonly isTTY?: boolean
  readonly columns?: number
  readonly clock?: Clock
}

export function createTerminal(options: TerminalOptions = {}): Terminal {
  const { env = {}, cwd = process.cwd(), stdin = '', isTTY = false, columns, clock = systemClock } = options
  const stdout = new Capture()
  const stderr = Object.assign(new Capture(), { isTTY, columns })
  const listeners = new Set<() => void>()
  const io: Io = {
    stdout,
    stderr,
    stdin: readOnce(stdin),
    env,
    cwd,
    clock,
    onSignal(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  return {
    io,
    run: (...argv) => main(argv, io),
    signal: () => {
      for (const listener of [...listeners]) listener()
    },
    listeners: () => listeners.size,
    stdout: () => stdout.text,
    stderr: () => stderr.text,
  }
}

class Capture extends Writable {
  text = ''

  override _write(chunk: Buffer, _encoding: string, done: () => void) {
    this.text += chunk.toString()
    done()
  }
}

async function* readOnce(text: string) {
  yield text
}
