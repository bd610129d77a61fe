import { execFileSync } from 'node:child_process'
import process from 'node:process'

/** What an import costs, seen from outside: in a fresh process each, because a module is loaded once. */
const counting = `
  import { registerHooks } from 'node:module'
  const urls = []
  registerHooks({ load(url, context, next) { urls.push(url); return next(url, context) } })
  await import(process.argv[1])
  console.log(JSON.stringify(urls))`

const timing = `
  const begun = performance.now()
  const before = process.cpuUsage()
  await import(process.argv[1])
  const ms = performance.now() - begun
  const { user, system } = process.cpuUsage(before)
  console.log(JSON.stringify({ ms, cpuMs: (user + system) / 1000 }))`

/** URLs of all modules that importing `specifier` loads, those built into Node left out. */
export function loadedModules(specifier: string): string[] {
  const urls = JSON.parse(run(counting, specifier)) as string[]
  return urls.filter((url) => !url.startsWith('node:'))
}

/** From the import to its end, in a process that has loaded nothing yet: on the clock, and of all threads together. */
export function importCost(specifier: string): { readonly ms: number; readonly cpuMs: number } {
  return JSON.parse(run(timing, specifier)) as { ms: number; cpuMs: number }
}

/** The package a module belongs to; undefined for Regatta's own. */
export function packageOf(url: string): string | undefined {
  return /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1]
}

function run(program: string, specifier: string): string {
  const root = `${import.meta.dirname}/..`
  const flags = ['--input-type=module', '--eval', program, specifier]
  return execFileSync(process.execPath, flags, { cwd: root, encoding: 'utf8' })
}
