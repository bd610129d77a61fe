import { dirname, relative, resolve } from 'node:path'
import type { Io } from './io.ts'

/** How the command line is typed where it was called from, for hints: `npx regatta`, `npm start --`, `regatta`. */
export function calledAs(env: Io['env'], script: string | undefined, cwd: string): string {
  if (env.npm_lifecycle_event === 'start' && env.npm_package_name === 'regatta') return 'npm start --'
  if (script === undefined) return 'regatta'
  if (/[\\/]node_modules[\\/]/.test(script) || env.npm_command === 'exec') return 'npx regatta'
  if (!/[\\/]main\.[jt]s$/.test(script)) return 'regatta'
  // Node was given the file itself.
  const checkout = resolve(dirname(script), '../..')
  if (checkout === cwd) return 'npm start --'
  const path = relative(cwd, script)
  return `node ${path.startsWith('..') ? script : path}`
}

/** The first words of a hint. */
export function regatta({ called = 'regatta' }: Pick<Io, 'called'>): string {
  return called
}
