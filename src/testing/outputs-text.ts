import { jsonForm, NoJsonForm, shownForm } from '../base/json-form.ts'
import { messageOf } from '../contracts/errors.ts'
import type { Output } from '../contracts/source.ts'

/**
 * Outputs as JSON, to compare them with those of another reading, and with what a file expects. A body that a test saved
 * stands in a folder of the test; here its path is the one that the source asked for.
 */
export interface PlainOutputs {
  readonly items: readonly unknown[]
  readonly edges: readonly unknown[]
  readonly requests: readonly unknown[]
  readonly skipped: readonly unknown[]
  /** What `parse` threw. */
  readonly error?: string
}

/** `url`: of the page. `savedTo`: the folder of the test. */
export function plainOutputs(
  outputs: readonly Output[],
  { url, savedTo, error }: { readonly url: string; readonly savedTo: string; readonly error?: unknown },
): PlainOutputs {
  const plain = (value: unknown) => plainJson(value, savedTo)
  const items: unknown[] = []
  const edges: unknown[] = []
  const requests: unknown[] = []
  const skipped: unknown[] = []
  for (const output of outputs) {
    if (output.kind === 'item' || output.kind === 'refused') items.push(plain(itemOf(output)))
    else if (output.kind === 'edge') edges.push(plain(output.value))
    else if (output.kind === 'requests') requests.push(...output.requests.map(plain))
    else if (output.kind === 'skipped') {
      const { reason, detail, links } = output
      skipped.push({ url, reason, detail, ...(links && { links: [...links] }) })
    }
  }
  return { items, edges, requests, skipped, ...(error !== undefined && { error: messageOf(error) }) }
}

/** With its kind, where its source has several. */
export function itemOf(output: Extract<Output, { kind: 'item' | 'refused' }>): unknown {
  const { itemKind } = output as { readonly itemKind?: string | undefined }
  return itemKind === undefined ? output.value : { kind: itemKind, item: output.value }
}

/** A value as a sink would write it. Never throws: what cannot be written is told in its place. */
export function plainJson(value: unknown, savedTo: string): unknown {
  let text: string
  try {
    text = JSON.stringify(jsonForm(value)) ?? 'null'
  } catch (error) {
    if (!(error instanceof NoJsonForm)) throw error
    text = JSON.stringify(shownForm(value)) ?? 'null'
  }
  return JSON.parse(text, (_, each: unknown) =>
    typeof each === 'string' ? each.replaceAll(`${savedTo}/`, '') : each,
  )
}
