import type { Classifier } from '../contracts/classifier.ts'
import { type Exchange, type Verdict, verdictKinds } from '../contracts/outcome.ts'
import { type Fence, isObject } from './fence.ts'

const wanted = `a verdict { kind, reason } of the kinds ${verdictKinds.join(', ')}, or undefined`
const instead = 'The rules behind it judge.'

/** A classifier that throws, or gives no verdict, has said nothing: the next one is asked. */
export function fenceClassifier(own: Classifier, what: string, fence: Fence): Classifier {
  return {
    name: own.name,
    classify(exchange, context) {
      try {
        const verdict: unknown = own.classify(exchange, context)
        if (verdict === undefined) return undefined
        if (isVerdict(verdict) && suits(verdict, exchange)) return verdict
        fence.returned(what, verdict, wanted, instead)
      } catch (error) {
        fence.threw(what, error, instead)
      }
      return undefined
    },
  }
}

function isVerdict(value: unknown): value is Verdict {
  if (!isObject(value)) return false
  const { kind, reason, weight, hard, credential, permanent, limiter, retryAfterMs } = value
  return (
    verdictKinds.some((each) => each === kind) &&
    typeof reason === 'string' &&
    reason !== '' &&
    (weight === undefined || (typeof weight === 'number' && weight > 0 && weight <= 1)) &&
    (retryAfterMs === undefined || isDuration(retryAfterMs)) &&
    (limiter === undefined || limiter === 'host' || limiter === 'proxy') &&
    [hard, credential, permanent].every((flag) => flag === undefined || typeof flag === 'boolean')
  )
}

/** Where no answer came there is none that could be good. */
function suits({ kind }: Verdict, exchange: Exchange): boolean {
  return kind !== 'success' || exchange.kind === 'response'
}

function isDuration(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value)
}
