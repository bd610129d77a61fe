import { assertArgument, hasFunctions } from '../contracts/arguments.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Page } from '../contracts/page.ts'
import type { RequestInput } from '../contracts/request.ts'
import type { Edge, Output, Source, SourceContext } from '../contracts/source.ts'
import { outputsOf } from '../crawl/outputs.ts'
import { sourceOf } from '../source/define-source.ts'
import { itemOf } from './outputs-text.ts'

/** What `parse` yields for one page. */
export interface ParsedPage<Item = unknown> {
  readonly items: readonly Item[]
  readonly edges: readonly Edge[]
  /** Absolute, all of them. */
  readonly requests: readonly RequestInput[]
  /** What `page.skip` said. */
  readonly skipped: readonly {
    readonly reason: string
    readonly detail: string
    readonly links?: readonly string[] | undefined
  }[]
  /** All of these, in the order in which they were yielded. */
  readonly outputs: readonly Output<Item>[]
}

/**
 * Reads one page, plain or async, by its handler where `parse` has several. Throws what `parse` throws, and ITEM_INVALID for
 * an item that does not fit. `context`: what `parse` may ask; by default nothing can be fetched.
 */
export async function parsePage<Params, Item, ParamsInput, ItemInput>(
  source: Source<Params, Item, ParamsInput, ItemInput>,
  page: Page<Params, Item, ItemInput>,
  context: Partial<SourceContext> = {},
): Promise<ParsedPage<Item>> {
  const isPage = hasFunctions(page, 'item', 'follow')
  assertArgument(isPage, 'parsePage()', 'page', 'a page, as createPage makes it', page)
  const outputs: Output<Item>[] = []
  const own = { ...offline, ...context }
  for await (const output of outputsOf(sourceOf(source), page as Page, own)) {
    if (output.kind === 'refused') throw output.error
    outputs.push(output as Output<Item>)
  }
  return {
    items: outputs.flatMap((output) => (output.kind === 'item' ? [itemOf(output) as Item] : [])),
    edges: outputs.flatMap((output) => (output.kind === 'edge' ? [output.value] : [])),
    requests: outputs.flatMap((output) => (output.kind === 'requests' ? output.requests : [])),
    skipped: outputs.flatMap((output) => {
      if (output.kind !== 'skipped') return []
      const { reason, detail, links } = output
      return [{ reason, detail, ...(links && { links }) }]
    }),
    outputs,
  }
}

/** A test has no network unless it brings one. */
export const offline: SourceContext = {
  fetch: async (url) => {
    const sentence = `A test fetches nothing (${url}): give it { fetch } as its context, or use testSource.`
    throw new RegattaError('SOURCE_FAILED', sentence, { value: { url } })
  },
  sitemaps: async () => [],
  allows: async () => true,
  signal: new AbortController().signal,
  log: () => {},
}
