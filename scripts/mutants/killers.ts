import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Import, Resolution, readImports } from '../floors/imports.ts'

/**
 * Which tests may kill a mutant: those that drive the crawler or the simulator, in their own process. A test of a chart
 * alone would notice any change of the chart, and says nothing of whether the crawler obeys it.
 */
const drivers = /^src\/(index\.ts|face\/crawler\.ts|sim\/)/

/** They run the crawler in another process, where the mutant does not reach, or measure it for a minute. */
const elsewhere =
  /^test\/(machines|scripts|packaging|deno|real|cli|durable|bench|docs|contracts|sim\/(presets|trace-replay))\b/

export function killers(root: string): string[] {
  const files = new Set(globSync('{src,machines,plugins,test,examples,bench,scripts}/**/*.ts', { cwd: root }))
  const resolution = new Resolution(root, files)
  const imports = new Map<string, readonly Import[]>()
  const importsOf = (file: string): readonly Import[] => {
    let found = imports.get(file)
    if (!found) {
      const code = readFileSync(join(root, file), 'utf8')
      found = readImports(file, code, resolution)
      imports.set(file, found)
    }
    return found
  }
  /** The files whose values a test gets, by itself and through its own helpers. */
  const withHelpers = (file: string, all = new Set<string>()): Set<string> => {
    for (const { target, isType } of importsOf(file)) {
      if (target === undefined || isType || all.has(target)) continue
      all.add(target)
      if (target.startsWith('test/')) withHelpers(target, all)
    }
    return all
  }
  return [...files]
    .filter((file) => file.startsWith('test/') && file.endsWith('.test.ts') && !elsewhere.test(file))
    .filter((file) => {
      const targets = [...withHelpers(file)]
      return (
        targets.some((target) => drivers.test(target)) &&
        !targets.some((target) => target.startsWith('machines/'))
      )
    })
    .sort()
}
