import { hash } from 'node:crypto'
import { redact } from '../base/redact.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { TaskResult } from '../contracts/job.ts'
import { readBody } from '../contracts/response-body.ts'

/** From the weakest to the strongest: only what the strongest one named says counts. */
const algorithms = ['sha256', 'sha384', 'sha512']

/** Throws TASK_FAILED when the body is not what `integrity` says, by Subresource Integrity ("Does response match metadata"). */
export function assertIntegrity({ response, attempts }: TaskResult & { ok: true }, integrity: string): void {
  const named = integrity
    .trim()
    .split(/\s+/)
    .map((each) => /^(sha256|sha384|sha512)-([\w+/-]+={0,2})(?:\?.*)?$/.exec(each))
    .filter((each) => each !== null)
  const strongest = algorithms.findLast((name) => named.some(([, algorithm]) => algorithm === name))
  if (strongest === undefined) return
  const found = Buffer.from(hash(strongest, readBody(response), 'hex'), 'hex')
  const wanted = named.filter(([, algorithm]) => algorithm === strongest)
  if (wanted.some(([, , digest]) => found.equals(Buffer.from(digest!, 'base64')))) return
  const sentence = `${redact(response.url)}: the body is not what "integrity" says (${strongest}).`
  throw new RegattaError('TASK_FAILED', sentence, {
    value: { reason: 'integrity-mismatch', verdict: 'success', status: response.status, attempts },
  })
}
