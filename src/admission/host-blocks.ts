import { redact } from '../base/redact.ts'
import { RegattaError } from '../contracts/errors.ts'
import { fittingPatterns } from '../options/host-pattern.ts'

/** Hosts that a crawl never asks. */
export interface HostBlocks {
  readonly isEmpty: boolean
  holds(url: URL): boolean
}

/**
 * Patterns are those of the `hosts` option: a name, a name with a port, or `*.example.org` for everything below it.
 * A link to such a host is not added, and what waits in a frontier from before is skipped when it is taken: blocking the
 * host in the frontier instead would leave its requests there, and the crawl would wait for them for ever. Throws
 * OPTION_INVALID for what is no host.
 */
export function createHostBlocks(patterns: readonly string[]): HostBlocks {
  const known = new Set(patterns.map(readPattern))
  const answers = new Map<string, boolean>()
  return {
    isEmpty: known.size === 0,
    holds({ host }) {
      if (known.size === 0) return false
      const answered = answers.get(host)
      if (answered !== undefined) return answered
      const holds = fittingPatterns(host, (pattern) => known.has(pattern)).length > 0
      if (answers.size >= remembered) answers.delete(answers.keys().next().value!)
      answers.set(host, holds)
      return holds
    },
  }
}

const remembered = 10_000

function readPattern(text: string): string {
  const [, star, name] = /^(\*\.)?([^*/?#@\s]+)$/.exec(text.trim().toLowerCase()) ?? []
  const url = name === undefined ? undefined : URL.parse(`https://${name}/`)
  if (url) return `${star ?? ''}${url.host}`
  throw new RegattaError(
    'OPTION_INVALID',
    `Option "block": expected a host such as ads.example or *.ads.example (got ${JSON.stringify(redact(text))}).`,
    { value: { path: 'block', value: redact(text) } },
  )
}
