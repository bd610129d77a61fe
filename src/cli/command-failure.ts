import { redact } from '../base/redact.ts'
import type { RegattaErrorCode } from '../contracts/error-values.ts'
import { RegattaError } from '../contracts/errors.ts'
import { type ExitCode, exitCodes } from './io.ts'
import { withHint } from './next-step.ts'
import { printable } from './terminal/cells.ts'

/**
 * From anything thrown to what a person reads and a shell sees. Typed errors are one line; everything else is a bug of
 * ours and shows its stack. Exit 2 means the command line is wrong and nothing was tried; exit 1 means it was tried.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** A stop that was asked for: nothing to explain. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

const usageCodes: ReadonlySet<RegattaErrorCode> = new Set([
  'OPTION_INVALID',
  'RUNTIME_UNSUPPORTED',
  'PARAM_INVALID',
  'SOURCE_UNKNOWN',
  'SOURCE_INVALID',
  'SCENARIO_INVALID',
  'URL_INVALID',
  'MISSING_API_KEY',
])

export interface Failure {
  readonly exitCode: ExitCode
  /** What is printed on stderr; empty when there is nothing to say. */
  readonly text: string
}

/** `called`: how the command line is typed here. */
export function failureOf(thrown: unknown, called = 'regatta'): Failure {
  if (thrown instanceof Interrupted) return { exitCode: exitCodes.interrupted, text: '' }
  if (isReaderGone(thrown)) return { exitCode: exitCodes.done, text: '' }
  if (thrown instanceof UsageError) {
    return { exitCode: exitCodes.usage, text: `regatta: ${printable(thrown.message)}` }
  }
  if (thrown instanceof RegattaError && thrown.code !== 'INTERNAL') {
    const exitCode = usageCodes.has(thrown.code) ? exitCodes.usage : exitCodes.failed
    return {
      exitCode,
      text: [`regatta: ${printable(withHint(thrown, called))} (${thrown.code})`, ...placeOf(thrown)].join(
        '\n',
      ),
    }
  }
  const story = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  return {
    exitCode: exitCodes.failed,
    text: `regatta: this is a bug in Regatta, please report it.\n${redact(story)}`,
  }
}

/** Lines of a stack, or of the code, that are shown. */
const mostLines = 5

/** Where in the source's own code it went wrong. */
function placeOf({ code, value }: RegattaError): string[] {
  if (code !== 'SOURCE_FAILED' && code !== 'SOURCE_INVALID') return []
  const lines = value?.stack?.split('\n').slice(0, mostLines) ?? []
  return lines.map((line) => `    ${printable(line)}`)
}

/** Whether output could not be written because nobody reads it any more (`| head`): a clean end. */
export function isReaderGone(thrown: unknown): boolean {
  const failed = thrown instanceof RegattaError && thrown.code === 'SINK_FAILED' ? thrown.cause : thrown
  return failed instanceof Error && (failed as NodeJS.ErrnoException).code === 'EPIPE'
}
