import { deserialize, serialize } from 'node:v8'
import { jsonForm } from '../../base/json-form.ts'
import { messageOf, RegattaError } from '../../contracts/errors.ts'
import type {
  Correction,
  DeadLetter,
  DeadReason,
  Discovered,
  FailureSpot,
  KeptOutput,
  Lease,
  Recall,
  ResponseHead,
  Retrial,
  SetAside,
  Settlement,
  VisitMemo,
} from '../../contracts/frontier.ts'
import type { LoggedOutput } from '../../contracts/output-log.ts'
import type { ProxyFilter } from '../../contracts/proxy-filter.ts'
import type { CrawlRequest } from '../../contracts/request.ts'
import type { Delivery, Mark, Retraction, SinkRecord } from '../../contracts/sink.ts'
import type {
  DiscoverCall,
  EncodedOutput,
  LeaseRow,
  LetterRow,
  OutputRow,
  RecallRow,
  RequestRow,
  SettleRow,
} from './calls.ts'

import { eachSecret, type Seal } from './seal.ts'

/**
 * How requests and outputs are written. A request is its URL and JSON of everything that is not as usual, its id first;
 * the host is known by the row. An output's value is what a structured clone keeps (dates, maps, big integers, bytes), or
 * else what JSON would have of it.
 */
function encodeRequest(request: CrawlRequest, { seal }: Seal): RequestRow {
  const { id, source, method, headers, body, idempotent, session, proxy, use } = request
  const { depth, priority, label, data, referrer } = request
  const rest: Rest = { id, source, depth }
  if (method !== 'GET') rest.method = method
  for (const _ in headers) {
    rest.headers = eachSecret(headers, seal)
    if (rest.headers !== headers) rest.sealed = true
    break
  }
  if (body !== undefined) {
    rest.sealed = true
    if (typeof body === 'string') rest.body = seal(body)
    else rest.bytes = seal(Buffer.from(body).toString('base64'))
  }
  if (idempotent !== isIdempotent(method)) rest.idempotent = idempotent
  if (session !== undefined) rest.session = session
  if (proxy !== undefined) rest.proxy = proxy
  if (use !== undefined) rest.use = use
  if (priority !== laneOf(priority)) rest.priority = priority
  if (label !== undefined) rest.label = label
  if (data !== undefined) rest.data = data
  if (referrer !== undefined) rest.referrer = referrer
  try {
    return { url: request.url, rest: JSON.stringify(rest) }
  } catch (error) {
    const message = `The data of the request for ${request.url} is not JSON: ${messageOf(error)}.`
    throw new RegattaError('SOURCE_FAILED', message, { value: { url: request.url }, cause: error })
  }
}

function decodeRequest(
  { url, rest, host, lane }: RequestRow & { host: string; lane: number },
  { open }: Seal,
): CrawlRequest {
  const parsed = JSON.parse(rest) as Rest
  const { method = 'GET', priority = lane, sealed = false, ...kept } = parsed
  const { headers: named = {}, body: text, bytes: base64, ...others } = kept
  // A state of an earlier version has them as they are.
  const unsealed = sealed ? open : (value: string) => value
  const headers = sealed ? eachSecret(named, open) : named
  const body = text === undefined ? undefined : unsealed(text)
  const bytes = base64 === undefined ? undefined : unsealed(base64)
  return {
    idempotent: isIdempotent(method),
    ...others,
    ...(body !== undefined && { body }),
    ...(bytes !== undefined && { body: new Uint8Array(Buffer.from(bytes, 'base64')) }),
    url,
    host,
    method,
    headers,
    priority,
  }
}

export function laneOf(priority: number): number {
  return Math.min(7, Math.max(0, Math.trunc(priority)))
}

export function encodeDiscovered(batch: readonly Discovered[], now: number, seal: Seal): DiscoverCall {
  const ids: string[] = []
  const hosts: string[] = []
  const lanes: number[] = []
  const urls: string[] = []
  const rests: string[] = []
  const dues = new Float64Array(batch.length)
  for (const [at, { request, notBefore }] of batch.entries()) {
    const { url, rest } = encodeRequest(request, seal)
    ids.push(request.id)
    hosts.push(request.host)
    lanes.push(laneOf(request.priority))
    urls.push(url)
    rests.push(rest)
    dues[at] = notBefore ?? Number.NaN
  }
  return { now, ids, hosts, lanes, dues, urls, rests }
}

export function decodeLease(row: LeaseRow, seal: Seal): Lease {
  const { id, attempts, faults, epoch, memo, kept, correction, sequence } = row
  const lease = { id, request: decodeRequest(row, seal), attempts, targetFaults: faults, epoch, sequence }
  if (memo === null && kept === null && correction === null) return lease
  return {
    ...lease,
    ...(memo !== null && { memo: JSON.parse(memo) as VisitMemo }),
    ...(kept !== null && { kept: JSON.parse(kept) as KeptOutput[] }),
    ...(correction !== null && { correction: JSON.parse(correction) as Correction }),
  }
}

export function encodeRecall(
  { lease, ended, hasLetter = false, kept, correction }: Recall,
  seal: Seal,
): RecallRow {
  const { request, memo, sequence } = lease
  return {
    ...encodeRequest(request, seal),
    sequence: sequence ?? -1,
    request: request.id,
    host: request.host,
    lane: laneOf(request.priority),
    memo: memo === undefined ? null : JSON.stringify(memo),
    kept: kept.length === 0 ? null : JSON.stringify(kept),
    correction: JSON.stringify(correction),
    ended,
    hasLetter,
  }
}

export function encodeSettlement(settlement: Settlement): SettleRow {
  const { lease, kind } = settlement
  const head = { lease: lease.id, epoch: lease.epoch, request: lease.request.id, kind }
  switch (settlement.kind) {
    case 'release':
      return head
    case 'retry':
      return { ...head, due: settlement.notBefore, targetFault: settlement.targetFault }
    case 'done': {
      const { outputs, next, memo, tally, letter } = settlement
      return {
        ...head,
        ...(outputs && { outputs: outputs.map(encodeOutput) }),
        ...(next !== undefined && { due: next }),
        ...(memo && { memo: JSON.stringify(memo) }),
        ...(tally && { tally }),
        ...(letter && encodeLetter(letter)),
      }
    }
    case 'dead': {
      const { outputs, heads, tally } = settlement
      return {
        ...head,
        ...encodeLetter(settlement),
        ...(outputs && { outputs: outputs.map(encodeOutput) }),
        ...(heads && heads.length > 0 && { heads: JSON.stringify(heads) }),
        ...(tally && { tally }),
      }
    }
  }
}

function encodeLetter({ reason, setAside, kept, undo }: Retrial & { readonly reason: DeadReason }) {
  return {
    reason: encodeReason(reason),
    ...(setAside && { aside: JSON.stringify(setAside) }),
    ...(kept && kept.length > 0 && { kept: JSON.stringify(kept) }),
    ...(undo && { undo: JSON.stringify(undo) }),
  }
}

function encodeReason({ code, detail, ...more }: DeadReason): NonNullable<SettleRow['reason']> {
  return Object.keys(more).length === 0 ? { code, detail } : { code, detail, more: JSON.stringify(more) }
}

export function decodeLetter(row: LetterRow, seal: Seal): DeadLetter {
  const { attempts, at, code, detail, more, heads, aside } = row
  return {
    request: decodeRequest(row, seal),
    reason: { code, detail, ...(more === null ? {} : (JSON.parse(more) as FailureSpot)) },
    attempts,
    heads: heads === null ? [] : (JSON.parse(heads) as ResponseHead[]),
    ...(aside !== null && { setAside: JSON.parse(aside) as SetAside[] }),
    at,
  }
}

export function decodeOutput({ position, kind, value, ...row }: OutputRow): LoggedOutput {
  const { request, index, source, revision, trust, itemKind } = row
  const own = {
    request,
    index,
    source,
    ...(revision !== null && { revision }),
    ...(itemKind !== null && { itemKind }),
  }
  const found = deserialize(value) as unknown
  if (kind !== 'retraction') {
    const marked = trust === null ? {} : { trust: trust as Mark }
    return { position, record: { ...own, ...marked, kind: kind as SinkRecord['kind'], value: found } }
  }
  return { position, record: { ...own, ...(found as RetractedValue), kind, revision: revision ?? 1 } }
}

/** What the log keeps of a retraction in place of a value. */
type RetractedValue = Pick<Retraction, 'of' | 'digest' | 'traces'>

function encodeOutput(delivery: Delivery): EncodedOutput {
  const { kind, request, index, source, revision = null, itemKind = null } = delivery
  const trust = (delivery.kind !== 'retraction' && delivery.trust) || null
  const encoded = { kind, request, index, source, revision, trust, itemKind }
  if (delivery.kind === 'retraction') {
    const { of, digest, traces } = delivery
    return {
      ...encoded,
      value: serialize({ of, digest, ...(traces && { traces }) } satisfies RetractedValue),
    }
  }
  const { value } = delivery
  try {
    return { ...encoded, value: serialize(value) }
  } catch {
    // a class of the platform, perhaps
  }
  try {
    return { ...encoded, value: serialize(jsonForm(value)) }
  } catch (error) {
    const message = `Output ${index} of request ${request} cannot be kept: ${messageOf(error)}.`
    throw new RegattaError('ITEM_INVALID', message, { value: { issues: [], request, index }, cause: error })
  }
}

function isIdempotent(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
}

type Mutable<Given> = { -readonly [Key in keyof Given]: Given[Key] }

interface Rest extends Mutable<Pick<CrawlRequest, 'id' | 'source' | 'depth'>> {
  method?: string
  headers?: Readonly<Record<string, string>>
  /** Its body, and headers that are named like a secret, are sealed. */
  sealed?: boolean
  body?: string
  bytes?: string
  idempotent?: boolean
  session?: string
  proxy?: string
  use?: readonly ProxyFilter[]
  priority?: number
  label?: string
  data?: unknown
  referrer?: string
}
