import { createRequire } from 'node:module'
import { whereIs } from './own-files.ts'

/**
 * A package that most programs never need is loaded when it is first used, and not by `import 'regatta'`: an agent for a
 * lease, cheerio. It is required, which Node and Deno do synchronously for ES modules too. An
 * `import()` was rejected: `page.$` and `lease.agent` are no promises, and on virtual time a wait for the disk is a wait
 * that nobody sees.
 */
export function atFirstUse<Module>(name: string): () => Module {
  let loaded: Module | undefined
  return () => {
    loaded ??= load(name) as Module
    return loaded
  }
}

function load(name: string): unknown {
  const require = createRequire(whereIs(import.meta.url, `the package "${name}"`))
  try {
    return require(name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    return whereIs(undefined, `the package "${name}"`, error)
  }
}
