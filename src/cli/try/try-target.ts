import { canonicalUrl, fetchableUrl } from '../../admission/canonical-url.ts'
import { RegattaError } from '../../contracts/errors.ts'
import type { RequestInput } from '../../contracts/request.ts'
import type { Source, SourceContext } from '../../contracts/source.ts'
import { labelsOf } from '../../source/define-source.ts'
import { describeIssue, parseBy, parseParams } from '../../source/schema.ts'
import { UsageError } from '../command-failure.ts'
import { assertComplete } from '../crawl-plan.ts'
import { readParams } from '../params.ts'
import type { FoundSource } from '../registry.ts'
import type { Pair } from '../values.ts'
import type { Trial } from './try-session.ts'

/** What is typed of the page that is tried. */
export interface TryTarget {
  /** Default: the first request of the source's seeds. */
  readonly url: string | undefined
  readonly param: readonly Pair[]
  readonly label: string | undefined
  /** JSON. */
  readonly data: string | undefined
}

/** The page that is tried, and what was filled in for that, in sentences. */
export interface PlannedTrial extends Trial {
  readonly notes: readonly string[]
}

/** Throws UsageError, or PARAM_INVALID, for what is missing or does not fit. */
export async function planTrial(
  { source, params }: FoundSource,
  target: TryTarget,
  cwd: string,
): Promise<PlannedTrial> {
  const { url, param } = target
  const notes: string[] = []
  const given = { ...params, ...readParams(source.params, param, source.name, cwd) }
  if (url !== undefined) fillIn(source, given, url, notes)
  assertComplete(source, given)
  const parsed = parseParams(source, given)
  const ask = await requestOf(source, parsed, target, notes)
  return { source, params: parsed, ask, notes }
}

/** An absolute http or https URL. Throws UsageError, naming what may have been meant. */
export function pageUrl(typed: string): string {
  const url = fetchableUrl(typed)
  if (url !== undefined && /^https?:/i.test(typed.trim())) return url
  const hint =
    !typed.includes(':') && URL.canParse(`https://${typed}`) ? ` Did you mean https://${typed}?` : ''
  throw new UsageError(
    `"${typed}" is no page to try: give an http or https URL without user and password.${hint}`,
  )
}

/** Names under which a source is told where its site, or its start, is. */
const places = /^(?:base|origin|site|host|home|root)(?:_?ur[il])?$/i
const pages = /^(?:start|from|page|link|address|href|feed|sitemap)?(?:_?ur[il])?s?$/i

/** What a source cannot do without and nobody has said: where a URL is wanted, that of the page will do for one page. */
function fillIn(source: Source, given: Record<string, unknown>, url: string, notes: string[]): void {
  for (let round = 0; round < 8; round++) {
    const parsed = parseBy(source.params, given, `The params of source "${source.name}"`)
    if (parsed.issues === undefined) return
    const missing = parsed.issues
      .map((issue) => String(describeIssue({ issues: [issue] }).keys[0] ?? ''))
      .find((name) => !Object.hasOwn(given, name) && (places.test(name) || (pages.test(name) && name !== '')))
    if (missing === undefined) return
    const value = places.test(missing) ? new URL(url).origin : url
    given[missing] = value
    notes.push(`param ${missing}: ${value}, as nothing else is said`)
  }
}

async function requestOf(
  source: Source,
  params: unknown,
  { url, label, data }: TryTarget,
  notes: string[],
): Promise<RequestInput | undefined> {
  const said = {
    ...(label !== undefined && { label: labelOf(source, label) }),
    ...(data !== undefined && { data: dataOf(data) }),
  }
  if (url === undefined) {
    if (label === undefined && data === undefined) return undefined
    const first = await firstSeeds(source, params, 1)
    if (!first[0]) throw new UsageError(`Source "${source.name}" yields no request to try: give a URL.`)
    return { ...first[0], ...said }
  }
  const labels = labelsOf(source)
  if (label !== undefined || labels === undefined || labels.includes('default')) return { url, ...said }
  // Among the first seeds there may be the very page, with its label and its data.
  const seed = (await firstSeeds(source, params, mostSeeds).catch(() => [])).find(
    (each) => fetchableUrl(each.url) !== undefined && canonicalUrl(String(each.url)) === canonicalUrl(url),
  )
  if (seed?.label !== undefined) {
    notes.push(`label ${seed.label}, as the source's own seeds have it`)
    return { ...seed, ...said }
  }
  if (labels.length === 1) return { url, label: labels[0]!, ...said }
  throw new UsageError(
    `Source "${source.name}" reads its pages by their label; say which this one has: --label ${labels.join(' or --label ')}.`,
  )
}

const mostSeeds = 100

/** Without the network: seeds that have to fetch something first are not known. */
async function firstSeeds(source: Source, params: unknown, most: number): Promise<RequestInput[]> {
  const found: RequestInput[] = []
  for await (const seed of source.seeds(params, nowhere)) {
    found.push(typeof seed === 'string' ? { url: seed } : seed)
    if (found.length >= most) break
  }
  return found
}

const nowhere: SourceContext = {
  fetch: () =>
    Promise.reject(
      new RegattaError(
        'SOURCE_FAILED',
        'The seeds of the source fetch something first: give the URL of a page.',
        {
          value: undefined,
        },
      ),
    ),
  sitemaps: async () => [],
  signal: new AbortController().signal,
  log() {},
}

function labelOf(source: Source, label: string): string {
  const labels = labelsOf(source)
  if (labels === undefined || labels.includes(label)) return label
  throw new UsageError(`Source "${source.name}" has no handler "${label}"; it has ${labels.join(', ')}.`)
}

function dataOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new UsageError(`--data takes JSON, such as '{"id":1}' or '"text"'.`, { cause })
  }
}
