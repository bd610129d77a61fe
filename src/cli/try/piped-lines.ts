import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import { createContext, runInContext } from 'node:vm'
import type { Io } from '../io.ts'

/**
 * Lines of JavaScript out of a pipe, with their values printed. Node's REPL is not used for them: it takes the next line
 * while the one before it still waits for a promise.
 */
export async function evaluateLines(
  { stdin, stdout }: Pick<Io, 'stdin' | 'stdout'>,
  define: (context: object) => void,
): Promise<void> {
  const context = createContext(globals())
  define(context)
  let begun = ''
  for await (const line of createInterface({ input: Readable.from(stdin), crlfDelay: Infinity })) {
    if (line.trim() === '.exit') return
    const code = `${begun}${line}\n`
    if (code.trim() === '') continue
    begun = ''
    try {
      const value: unknown = await runInContext(runnable(code), context)
      if (value !== undefined) stdout.write(`${inspect(value)}\n`)
    } catch (error) {
      if (isUnfinished(error)) begun = code
      else stdout.write(`Uncaught ${sentence(error)}\n`)
    }
  }
  if (begun !== '') stdout.write(`Uncaught SyntaxError: it ends in the middle of: ${begun.trim()}\n`)
}

/** What a program finds without an import. */
function globals(): object {
  return Object.defineProperties({}, withoutLanguage(Object.getOwnPropertyDescriptors(globalThis)))
}

/** A context has the language itself, and its own `globalThis`. */
function withoutLanguage(all: PropertyDescriptorMap): PropertyDescriptorMap {
  const own = new Set<PropertyKey>(runInContext('Object.getOwnPropertyNames(globalThis)', createContext({})))
  return Object.fromEntries(Object.entries(all).filter(([name]) => !own.has(name)))
}

/** A script has no `await` of its own: it stands in a function, and what it declares is kept. */
function runnable(code: string): string {
  if (!/\bawait\b/.test(code)) return code
  const expression = code.trim().replace(/;$/, '')
  const declared = /^(?:const|let|var)\s+([\w$]+)\s*=([\s\S]*)$/.exec(expression)
  const inside = declared ? `globalThis.${declared[1]} = (${declared[2]})` : expression
  return `(async () => (${inside}))()`
}

function isUnfinished(error: unknown): boolean {
  return /^(?:Unexpected end of input|Unterminated template literal|missing \) after argument list)/.test(
    (error as Error)?.message ?? '',
  )
}

/** Errors of a context are no instances of ours. */
function sentence(error: unknown): string {
  const { name, message } = (error ?? {}) as Partial<Error>
  return name === undefined || message === undefined ? inspect(error) : `${name}: ${message}`
}
