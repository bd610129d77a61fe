import { readWait } from '../retry-after.ts'
import { byStatus } from '../verdicts.ts'
import type { Rule } from '../view.ts'

/** Row 43: 429 always, 503 when it names a time. Whether one exit or the whole host is meant is decided over exits. */
export const rateLimit: Rule = {
  name: 'rate-limit',
  judge(response, view) {
    const { status } = response
    if (status !== 429 && status !== 503) return undefined
    const retryAfterMs = readWait(response.headers, view.wall)
    if (retryAfterMs !== undefined) return byStatus('rate-limited', status, { limiter: 'host', retryAfterMs })
    return status === 429 ? byStatus('rate-limited', status, { limiter: 'host' }) : undefined
  },
}
