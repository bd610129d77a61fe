import { redact } from '../base/redact.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { ProxyList, ProxyProvider } from '../contracts/provider.ts'
import { describe, type Fence, hush, isObject } from './fence.ts'

const instead = 'Its list is read again every `refresh` only.'

/** A provider that throws gives an error with its name; one that returns no list, too. Its watch is told and left out. */
export function fenceProvider(own: ProxyProvider, fence: Fence): ProxyProvider {
  const name = typeof own.name === 'string' && own.name !== '' ? own.name : 'a provider without a name'
  return {
    name,
    trusted: own.trusted === true,
    ...(own.edited !== undefined && { edited: own.edited }),
    ...(isObject(own.use) && { use: own.use }),
    load: (signal) => load(own, name, signal),
    ...(own.watch && { watch: (changed) => watch(own, name, changed, fence) }),
  }
}

function watch(own: ProxyProvider, name: string, changed: () => void, fence: Fence): () => void {
  const what = `watch() of the provider ${name}`
  let stop: unknown
  try {
    stop = own.watch!(changed)
    if (typeof stop !== 'function') {
      fence.returned(what, stop, 'a function that ends it', 'It cannot be ended.')
    }
  } catch (error) {
    fence.threw(what, error, instead)
  }
  return () => {
    if (typeof stop !== 'function') return
    const threw = (error: unknown) => fence.threw(`${what}, when it was ended,`, error, 'It may go on.')
    try {
      hush(stop(), threw)
    } catch (error) {
      threw(error)
    }
  }
}

async function load(own: ProxyProvider, name: string, signal: AbortSignal): Promise<ProxyList> {
  let list: unknown
  try {
    list = await own.load(signal)
  } catch (error) {
    if (error instanceof RegattaError || signal.aborted) throw error
    throw new RegattaError(
      'PROXY_LIST_UNREADABLE',
      `The provider ${name} could not load its proxies: ${redact(messageOf(error))}. Mend its load(), or take it out of "proxies".`,
      { value: { list: name }, cause: error },
    )
  }
  const problem = problemOf(list)
  // What a provider counts beside its proxies is for messages, and may be left out.
  if (problem === undefined)
    return { duplicates: 0, rejected: [], ...(list as Partial<ProxyList>) } as ProxyList
  throw new RegattaError(
    'EXTENSION_FAILED',
    `load() of the provider ${name} returned ${problem} instead of { proxies, duplicates, rejected }, where each proxy has an endpoint. For proxies as texts give an array of them instead of a provider.`,
    { value: { extension: name } },
  )
}

/** What is wrong with a list; undefined where nothing is. */
function problemOf(list: unknown): string | undefined {
  if (!isObject(list) || !Array.isArray(list.proxies)) return describe(list)
  const odd = list.proxies.find((proxy) => !isProxy(proxy))
  if (odd !== undefined || list.proxies.includes(undefined)) return `proxies with ${describe(odd)} among them`
  const { rejected = [], duplicates = 0 } = list
  if (!Array.isArray(rejected)) return `${describe(rejected)} as "rejected"`
  return typeof duplicates === 'number' ? undefined : `${describe(duplicates)} as "duplicates"`
}

function isProxy(value: unknown): boolean {
  if (!isObject(value) || !isObject(value.endpoint)) return false
  const { id, protocol, host, port, tags } = value.endpoint
  const isNamed = typeof id === 'string' && typeof protocol === 'string' && typeof host === 'string'
  return isNamed && Number.isInteger(port) && isObject(tags)
}
