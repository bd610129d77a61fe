import process from 'node:process'
import type { REPLServer } from 'node:repl'
import { Readable } from 'node:stream'
import type { Source } from '../../contracts/source.ts'
import { type Io, isTerminal } from '../io.ts'
import { evaluateLines } from './piped-lines.ts'
import type { Tried } from './tried.ts'

/**
 * A REPL on a page that is kept: selectors are tried by hand, and `reparse()` reads it again by the source as it is now. At a
 * terminal it is Node's own; of a pipe each line is evaluated when the one before it has its value.
 */
export interface ReplParts {
  readonly io: Pick<Io, 'stdin' | 'stdout' | 'stderr' | 'env'>
  readonly tried: Tried
  source(): Source
  reparse(): Promise<Tried>
  fetch(url: string): Promise<Tried>
  fail(error: unknown): void
}

/** Resolves with what was tried last, when the REPL is left. */
export async function openRepl(parts: ReplParts): Promise<Tried> {
  const { io } = parts
  let { tried } = parts
  const show = (next: Promise<Tried>): Promise<void> =>
    next.then(
      (one) => {
        tried = one
      },
      (error: unknown) => parts.fail(error),
    )
  const known = {
    page: () => tried.page,
    $: () => tried.page?.$,
    items: () => tried.items,
    edges: () => tried.edges,
    requests: () => tried.requests,
    tried: () => tried,
    source: () => parts.source(),
    reparse: () => () => show(parts.reparse()),
    fetch: () => (url: string) => show(parts.fetch(String(url))),
  }
  const define = (context: object) => {
    for (const [name, get] of Object.entries(known))
      Object.defineProperty(context, name, { get, enumerable: true, configurable: true })
  }
  const { stdin } = io
  const isTyped = isTerminal(io.stdout, io.env) && 'isTTY' in stdin && stdin.isTTY === true
  if (!isTyped || !(stdin instanceof Readable)) {
    await evaluateLines(io, define)
    return tried
  }
  const names = 'page, $, items, edges, requests, source, await reparse(), await fetch(url)'
  io.stderr.write(`${names}; .exit ends it.\n`)
  const { start } = await import('node:repl')
  const server = start({ prompt: 'try> ', input: stdin, output: io.stdout, ignoreUndefined: true })
  if (process.versions.deno !== undefined) awaitByHand(server)
  define(server.context)
  await new Promise<void>((resolve) => server.once('exit', () => resolve()))
  return tried
}

/** The REPL of Deno knows no `await`: an expression that has one is evaluated within a function. */
function awaitByHand(server: REPLServer): void {
  const own = server.eval
  const changed: { eval: REPLServer['eval'] } = server
  changed.eval = function (this: REPLServer, code, context, file, done) {
    if (!/\bawait\b/.test(code)) return own.call(this, code, context, file, done)
    own.call(this, `(async () => (${code.trim().replace(/;$/, '')}))()`, context, file, (error, promise) => {
      if (error) return done(error, undefined)
      Promise.resolve(promise).then(
        (value) => done(null, value),
        (thrown: Error) => done(thrown, undefined),
      )
    })
  }
}
