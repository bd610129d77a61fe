import type { KeptOutput, Lease, Tally } from '../contracts/frontier.ts'
import type { Delivery, Retraction, SinkRecord } from '../contracts/sink.ts'
import { digestOf } from '../sink/digest.ts'
import type { End } from './settle.ts'

/**
 * A page that was asked once more, against what it put out before. Outputs that are the same, at the same place, are left as
 * they are; the others are taken back, and what stands in their place now is put out. The tally gets the difference, so that
 * it holds what is there at the end, and is right at any moment.
 */
export interface Corrected {
  readonly outputs: readonly Delivery[]
  readonly tally: Tally
}

/** What is to be kept of how a request ended: all of it, unless it is a correction. */
export function corrected({ lease, outputs = [], tally = {}, ...end }: Ending): Corrected {
  const { correction, kept = [], request } = lease
  if (!correction) return { outputs, tally }
  const { revision, undo } = correction
  const before = new Map(kept.map(([index, digest]) => [index, digest]))
  const now = new Map(outputs.map((record) => [record.index, digestOf(record)]))
  const wrong = kept
    .filter(([index, digest]) => now.get(index) !== digest)
    .map(([index, digest, of = 'item', traces, itemKind]): Retraction => {
      const own = { request: request.id, index, source: request.source, revision, digest }
      const more = { ...(traces && { traces }), ...(itemKind !== undefined && { itemKind }) }
      return { kind: 'retraction', of, ...own, ...more }
    })
  const fresh = outputs
    .filter(({ index }) => now.get(index) !== before.get(index))
    .map((record): SinkRecord => ({ ...record, revision }))
  const isOther = wrong.length + fresh.length > 0 || (end.kind === 'dead') !== (undo.failed ?? 0) > 0
  const counts = { askedAgain: 1, corrected: isOther ? 1 : 0 }
  return { outputs: [...wrong, ...fresh], tally: difference({ ...tally, ...counts }, undo) }
}

type Ending = Pick<End, 'lease' | 'kind' | 'outputs' | 'tally'>

/** All that the request has put out and that nobody has taken back, when it has ended so. */
export function keptOf(
  { lease, outputs = [] }: Ending,
  tracesOf: (record: SinkRecord) => KeptOutput[3] | undefined,
): readonly KeptOutput[] {
  return [...keptBefore(lease), ...outputs.map((record) => keptFrom(record, tracesOf(record)))]
}

/** What it put out before, when it adds to that. A correction begins anew. */
export function keptBefore({ kept = [], correction }: Lease): readonly KeptOutput[] {
  return correction ? [] : kept
}

export function keptFrom(record: SinkRecord, traces: KeptOutput[3] | undefined): KeptOutput {
  const { index, kind, itemKind } = record
  if (itemKind !== undefined) return [index, digestOf(record), kind, traces ?? {}, itemKind]
  return traces ? [index, digestOf(record), kind, traces] : [index, digestOf(record), kind]
}

/** With the outputs of earlier tries, which were counted then. */
export function wholeTally(tally: Tally = {}, kept: readonly KeptOutput[]): Tally {
  const edges = kept.filter(([, , kind]) => kind === 'edge').length
  return { ...tally, items: kept.length - edges, edges }
}

function difference(now: Tally, before: Tally): Tally {
  const names = new Set([...Object.keys(now), ...Object.keys(before)])
  const pairs = [...names].map((name) => [name, (now[name] ?? 0) - (before[name] ?? 0)] as const)
  return Object.fromEntries(pairs.filter(([, count]) => count !== 0))
}
