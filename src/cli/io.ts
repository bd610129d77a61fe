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
}

export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

/** `incomplete`: done, but pages were given up or contested, or items set aside. A page that is not there (404, 410) is an answer. */
export const exitCodes = { done: 0, failed: 1, usage: 2, incomplete: 3, interrupted: 130 } as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Whether an output is a terminal that can redraw. */
export function isTerminal(output: Output, env: Io['env']): boolean {
  return output.isTTY === true && env.TERM !== 'dumb'
}

/** Colour goes to terminals only, and never when NO_COLOR is set to anything (no-color.org). */
export function wantsColour(output: Output, env: Io['env']): boolean {
  return isTerminal(output, env) && (env.NO_COLOR === undefined || env.NO_COLOR === '')
}
