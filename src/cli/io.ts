import type { Writable } from 'node:stream'
import type { Clock } from '../base/clock.ts'

/**
 * Everything a command may touch of the world outside. `main.ts` fills it from the process; tests fill it with streams
 * of their own, so that every command runs in-process without a global being changed.
 */
export interface Io {
  readonly stdout: Writable & Output
  readonly stderr: Output
  readonly stdin: AsyncIterable<string | Uint8Array>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where relative paths start. */
  readonly cwd: string
  readonly clock: Clock
  /** How the command line is typed, for hints: `npx regatta`. Default: `regatta`. */
  readonly called?: string
  /** Calls the listener at each SIGINT or SIGTERM; returns a function that ends it. */
  onSignal(listener: () => void): () => void
  /** Calls the listener when the process goes on after it was stopped (Ctrl-Z, fg). Default: nobody tells. */
  onContinue?(listener: () => void): () => void
}

export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  readonly rows?: number | undefined
}

/**
 * `incomplete`: done, but pages were given up or contested, or items set aside. A page that is not there (404, 410) is an
 * answer. `unexpected`: done, but what `--expect` asks for was missed.
 */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  incomplete: 3,
  unexpected: 4,
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Whether an output is a terminal that can redraw. */
export function isTerminal(output: Output, env: Io['env']): boolean {
  return output.isTTY === true && env.TERM !== 'dumb'
}

/**
 * Colour goes to terminals only, and never when NO_COLOR is set to anything (no-color.org). FORCE_COLOR goes over both, as
 * it does for Node itself; `0` and `false` mean none.
 */
export function wantsColour(output: Output, env: Io['env']): boolean {
  if (isSet(env.FORCE_COLOR)) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false'
  return isTerminal(output, env) && !isSet(env.NO_COLOR)
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== ''
}
