import { z } from 'zod'
import type { Action } from './protocol.ts'

/** What a page asks to be done, read strictly: it comes over a socket. */
const most = 1_000
const label = z.string().min(1).max(2_000)
const labels = z.array(label).min(1).max(most)
const crawl = z.string().max(500).optional()

const actionSchema = z.union([
  z.strictObject({ action: z.enum(['isolate', 'readmit']), proxies: labels }),
  z.strictObject({ action: z.enum(['pauseHost', 'resumeHost']), host: label }),
  z.strictObject({ action: z.enum(['pause', 'resume', 'drain']) }),
  z.strictObject({ action: z.literal('retryDead'), crawl, reason: label }),
  z.strictObject({ action: z.literal('retryDead'), crawl, ids: labels }),
  z.strictObject({ action: z.literal('retryDead'), crawl, all: z.literal(true) }),
])

/** The action, or a sentence why it is none. */
export function parseAction(text: string): Action | string {
  try {
    const parsed = actionSchema.safeParse(JSON.parse(text))
    if (parsed.success) return parsed.data as Action
  } catch {
    return 'An action is JSON of at most 256 kB.'
  }
  return `An action is one of isolate, readmit (proxies: up to ${most} labels), pauseHost, resumeHost (host), pause, resume, drain, retryDead (reason, ids or all).`
}
