import { Session } from 'node:inspector/promises'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where CPU time goes: samples of the engine's own stack, by function and by whose code it is. */
export interface Hot {
  /** `name file:line`, self time as a share of all busy samples; most first. */
  readonly functions: readonly { readonly name: string; readonly share: number }[]
  readonly owners: readonly { readonly name: string; readonly share: number }[]
}

const root = fileURLToPath(new URL('../../', import.meta.url))

export async function sampleCpu(work: () => Promise<unknown>): Promise<Hot> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: 250 })
  await session.post('Profiler.start')
  await work()
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  const functions = new Map<string, number>()
  const owners = new Map<string, number>()
  let busy = 0
  for (const { callFrame, hitCount = 0 } of profile.nodes) {
    const { functionName, url, lineNumber } = callFrame
    if (hitCount === 0 || functionName === '(idle)' || functionName === '(program)') continue
    busy += hitCount
    const owner = ownerOf(url, functionName)
    owners.set(owner, (owners.get(owner) ?? 0) + hitCount)
    if (owner !== 'regatta') continue
    const name = `${functionName || '(anonymous)'} ${relative(root, fileURLToPath(url))}:${lineNumber + 1}`
    functions.set(name, (functions.get(name) ?? 0) + hitCount)
  }
  const ranked = (counts: Map<string, number>) =>
    [...counts]
      .map(([name, count]) => ({ name, share: count / busy }))
      .sort((one, other) => other.share - one.share)
  return { functions: ranked(functions), owners: ranked(owners) }
}

function ownerOf(url: string, functionName: string): string {
  if (functionName === '(garbage collector)') return 'garbage collector'
  const library = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1]
  if (library) return library
  if (url.startsWith('node:')) return 'node'
  if (!url.startsWith('file:')) return 'native'
  return /\/(src|machines)\//.test(url) ? 'regatta' : 'the benchmark'
}
