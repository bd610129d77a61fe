import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { SkipReason, Source, SourceLimits } from '../contracts/source.ts'
import type { SourceSessions } from '../contracts/source-session.ts'
import { fenceAccept } from './acceptance.ts'
import { fenceClassifier } from './classifier.ts'
import { describe, type Fence, isObject, isPromise } from './fence.ts'

/**
 * The questions that a crawl asks its source beside `seeds` and `parse`. What keeps pages away must not be guessed: when
 * `admit` throws, its page is given up (and can be tried again), and when `limits` is wrong, the crawl does not begin.
 */
export function fenceSource(own: Source, fence: Fence): Source {
  const { name } = own
  return {
    ...own,
    seeds: (params, context) => own.seeds(params, context),
    parse: (page, context) => own.parse(page, context),
    ...(own.admit && { admit: (request, params, from) => admit(own, fence, request, params, from) }),
    ...(own.limits && { limits: (params, context = {}) => limits(own, params, context) }),
    ...(own.credentials && { credentials: (...given) => own.credentials!(...given) }),
    ...(own.complete && { complete: (...given) => own.complete!(...given) }),
    ...(own.session && { session: fenceSessions(own.name, own.session, fence) }),
    ...(typeof own.accept === 'function' && {
      accept: fenceAccept(own.accept, `accept() of source "${name}"`, fence),
    }),
    ...(own.classifier && {
      classifier: fenceClassifier(own.classifier, `The classifier of source "${name}"`, fence),
    }),
  }
}

function admit(
  own: Source,
  fence: Fence,
  ...[request, params, from]: Parameters<NonNullable<Source['admit']>>
): string | SkipReason | undefined {
  let reason: unknown
  try {
    reason = own.admit!(request, params, from)
  } catch (error) {
    const sentence = `admit() of source "${own.name}" failed for ${request.url}: ${messageOf(error)}`
    throw new RegattaError('SOURCE_FAILED', sentence, { value: { url: request.url }, cause: error })
  }
  if (reason === undefined || isReason(reason)) return reason
  if (isObject(reason) && isReason(reason.reason) && isReason(reason.detail))
    return { reason: reason.reason, detail: reason.detail }
  const wanted = 'a reason to skip the page, or undefined'
  fence.returned(`admit() of source "${own.name}"`, reason, wanted, 'The page is visited.')
  return undefined
}

function isReason(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function limits(own: Source, ...[params, context]: Parameters<NonNullable<Source['limits']>>): SourceLimits {
  let given: unknown
  try {
    given = own.limits!(params, context)
  } catch (error) {
    throw failure(own, `failed: ${messageOf(error)}`, error)
  }
  if (!isObject(given) || isPromise(given)) throw failure(own, `returned ${describe(given)}`)
  for (const limit of ['pages', 'depth'] as const) {
    const value = given[limit]
    if (value === undefined || (typeof value === 'number' && value >= 0)) continue
    throw failure(own, `returned ${describe(value)} as "${limit}"`)
  }
  return given
}

/** An answer that nobody can judge is not over: it is read, and what is wrong with it shows there. */
function fenceSessions(source: string, own: SourceSessions, fence: Fence): SourceSessions {
  const { begin, acquire, isOver, invalid, maxUses, maxAge, size } = own
  const ask = (name: string, answer: () => unknown): boolean => {
    const what = `session.${name}() of source "${source}"`
    try {
      const said = answer()
      if (typeof said === 'boolean') return said
      fence.returned(what, said, 'true or false', 'The session goes on.')
    } catch (error) {
      fence.threw(what, error, 'The session goes on.')
    }
    return false
  }
  return {
    ...(begin && { begin: (...given) => begin.apply(own, given) }),
    ...(acquire && { acquire: (...given) => acquire.apply(own, given) }),
    ...(isOver && { isOver: (page) => ask('isOver', () => isOver.call(own, page)) }),
    ...(invalid && { invalid: (response) => ask('invalid', () => invalid.call(own, response)) }),
    maxUses,
    maxAge,
    size,
  }
}

function failure({ name }: Source, fault: string, cause?: unknown): RegattaError {
  const sentence = `limits() of source "${name}" ${fault}. It returns { pages, depth }, each a number from 0 or left out.`
  return new RegattaError('SOURCE_FAILED', sentence, { value: undefined, cause })
}
