import { createRequire } from 'node:module'

/**
 * A package that most programs never need is loaded when it is first used, and not by `import 'regatta'`: an agent for a
 * lease, a parser of robots.txt, cheerio. It is required, which Node and Deno do synchronously for ES modules too. An
 * `import()` was rejected: `page.$` and `lease.agent` are no promises, and on virtual time a wait for the disk is a wait
 * that nobody sees.
 */
const require = createRequire(import.meta.url)

export function atFirstUse<Module>(name: string): () => Module {
  let loaded: Module | undefined
  return () => {
    loaded ??= require(name) as Module
    return loaded
  }
}
