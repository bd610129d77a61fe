import { InvalidArgumentError } from 'commander'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import { type CrawlerOptions, parseOptions } from '../options/options.ts'

/** `--set hedge.max=2,strategy=random`: options of the crawler, changed by their path for one row of the comparison. */
export interface Setting {
  /** As it was typed. */
  readonly text: string
  readonly changes: readonly { readonly path: string; readonly value: unknown }[]
}

/** Collects one --set. Values are JSON, or else the text itself. */
export function collectSetting(text: string, previous: readonly Setting[] = []): readonly Setting[] {
  const changes = splitAtCommas(text).map((part) => {
    const at = part.indexOf('=')
    if (at <= 0) {
      throw new InvalidArgumentError('Expected key=value[,key=value], such as hedge.max=2,strategy=random.')
    }
    return { path: part.slice(0, at).trim(), value: readValue(part.slice(at + 1).trim()) }
  })
  return [...previous, { text, changes }]
}

/** What the simulator brings itself, and from where. */
const brought: Readonly<Record<string, string>> = {
  proxies: 'the proxies are those of the scenario or the trace',
  env: 'the proxies are those of the scenario or the trace',
  direct: 'the proxies are those of the scenario or the trace',
  seed: 'use --seed',
  clock: 'time is virtual',
  transport: 'nothing is sent',
  classifiers: 'it is a function',
  resolveChallenge: 'it is a function',
  prepareRequest: 'it is a function',
  health: 'there is no server to ask for an address',
}

/** The options with the changes in them. Throws OPTION_INVALID, naming the path. */
export function applySetting(options: CrawlerOptions, { changes }: Setting): CrawlerOptions {
  let changed: Record<string, unknown> = { ...options }
  for (const { path, value } of changes) {
    const keys = path.split('.')
    const reason = Object.hasOwn(brought, keys[0]!) ? brought[keys[0]!] : undefined
    if (reason !== undefined) throw invalid(path, 'cannot be set here', `${reason}.`)
    changed = changeAt(changed, keys, value)
    try {
      parseOptions(changed as CrawlerOptions)
    } catch (error) {
      const what = `is not an option, or not one that takes ${JSON.stringify(value)}`
      throw invalid(path, what, `${messageOf(error)} docs/options.md names them all.`)
    }
  }
  return changed as CrawlerOptions
}

function invalid(path: string, what: string, why: string): RegattaError {
  return new RegattaError('OPTION_INVALID', `--set "${path}" ${what}: ${why}`, { value: { path } })
}

/** A copy; a value that is no group, such as `hedge: false`, gives way to one. */
function changeAt(
  group: unknown,
  [key, ...rest]: readonly string[],
  value: unknown,
): Record<string, unknown> {
  const own = typeof group === 'object' && group !== null ? (group as Record<string, unknown>) : {}
  const before = Object.hasOwn(own, key!) ? own[key!] : undefined
  return { ...own, [key!]: rest.length === 0 ? value : changeAt(before, rest, value) }
}

function readValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Commas inside of JSON do not count. */
function splitAtCommas(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let isQuoted = false
  let from = 0
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]
    if (isQuoted && sign === '\\') at++
    else if (sign === '"') isQuoted = !isQuoted
    else if (isQuoted) continue
    else if (sign === '{' || sign === '[') depth++
    else if (sign === '}' || sign === ']') depth--
    else if (sign === ',' && depth === 0) {
      parts.push(text.slice(from, at))
      from = at + 1
    }
  }
  return [...parts, text.slice(from)]
}
