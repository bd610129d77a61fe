import { RegattaError } from '../contracts/errors.ts'
import type { Page } from '../contracts/page.ts'
import type { RequestInput } from '../contracts/request.ts'
import type { Output, SourceContext } from '../contracts/source.ts'
import type { BeginningSession, Credentials, SessionFetch, SessionPass } from '../contracts/source-session.ts'
import { fillSecrets, readAccess } from './access.ts'
import { fillBody, fillUrl, placesIn } from './api-template.ts'
import { advanced, type Bookmark, isBehind, readBookmark, writeBookmark } from './bookmark.ts'
import { valueAt } from './json-pointer.ts'
import {
  fillingOf,
  firstPlace,
  isRepeated,
  nextPage,
  type PageAnswer,
  type PagePlace,
  type Paging,
} from './paging.ts'
import { type RecordFormat, readRecords } from './records.ts'

/**
 * How an interface that was declared is crawled: its first page is asked for, each page is read and leads to the next, and an
 * item may lead to lists of its own. Which page of which list a request is for travels with the request, so that a page
 * is read the same whenever it comes.
 */
export interface ApiList extends Paging {
  readonly limit: number
  readonly format?: RecordFormat | undefined
  readonly delimiter?: string | undefined
  /** Lists of each item, by the kind of their items. */
  readonly children?: Readonly<Record<string, ApiChild>> | undefined
}

export interface ApiChild extends ApiList {
  /** Fields that each of its items takes over from the one it belongs to, by name: pointers. */
  readonly keep: Readonly<Record<string, string>>
}

export interface Api extends ApiList {
  readonly headers: Readonly<Record<string, string>>
  readonly auth?: string | readonly string[] | undefined
  readonly since?: string | undefined
  readonly key: string
  readonly from?: string | undefined
  readonly bookmark?: string | undefined
  readonly login?: ApiLogin | undefined
}

/** A request that gives a token. */
export interface ApiLogin {
  readonly url: string
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>> | undefined
  readonly auth?: string | readonly string[] | undefined
  /** Where the answer has the token. */
  readonly token: string
  /** How it is shown: `bearer {token}`. */
  readonly send: string
}

/** What a request carries. */
export interface ApiData extends PagePlace {
  /** Of a list of an item: its template, with what the item fills in. */
  readonly url?: string | undefined
  readonly keep?: Readonly<Record<string, unknown>> | undefined
  readonly since?: string | number | undefined
}

type ApiPage = Page<unknown, unknown, unknown, ApiData | undefined>

/** How far a run has come: where it began, and what it has seen. By its params, which all its pages share. */
interface Progress {
  readonly before: Bookmark
  ahead: Bookmark
}

const progress = new WeakMap<object, Progress>()

/** The members of a source for what `apiOf` makes of its params. `name` begins the sentences of errors. */
export function crawlApi<Params extends object>(name: string, apiOf: (params: Params) => Api) {
  const what = `The source "${name}"`
  return {
    async *seeds(params: Params): AsyncGenerator<RequestInput> {
      const api = apiOf(params)
      const before = api.bookmark === undefined ? { keys: [] } : await readBookmark(api.bookmark)
      progress.set(params, { before, ahead: before })
      const since = before.value ?? api.from
      yield requestFor(api, api, { ...firstPlace(api), ...(since !== undefined && { since }) })
    },

    *parse(page: Page<Params, unknown, unknown, unknown>, { log }: Pick<SourceContext, 'log'>) {
      const api = apiOf(page.params)
      const run = progress.get(page.params)
      yield* readPage(api, page as ApiPage, run, log)
    },

    credentials(params: Params, { env = {} }: Pick<SourceContext, 'env'>): Credentials | undefined {
      const api = apiOf(params)
      const texts = [api.auth ?? []].flat()
      return texts.length === 0 ? undefined : { ...readAccess(texts, env, what), origin: originOf(api) }
    },

    async complete(params: Params): Promise<void> {
      const { bookmark } = apiOf(params)
      const run = progress.get(params)
      if (bookmark !== undefined && run && run.ahead !== run.before) await writeBookmark(bookmark, run.ahead)
    },

    session: {
      async acquire(
        fetch: SessionFetch,
        _session: BeginningSession,
        params: Params,
        { env = {} }: SourceContext,
      ): Promise<SessionPass> {
        return logIn(apiOf(params).login!, fetch, env, what)
      },
    },
  }
}

function* readPage(
  api: Api,
  page: ApiPage,
  run: Progress | undefined,
  log: SourceContext['log'],
): Generator<Output> {
  const list = listOf(api, page)
  const place = page.data ?? firstPlace(list)
  const { document, items } = readRecords(page, list)
  if (isRepeated(list, place, items)) {
    yield page.skip('repeated', { detail: 'it is the page before it once more, so there is no more' })
    return
  }
  const label = page.request.label
  for (const item of items) {
    if (label === undefined && api.since !== undefined && run && isKnown(api, item, run)) continue
    yield page.item(page.data?.keep ? { ...(item as object), ...page.data.keep } : item)
    for (const [kind, child] of Object.entries(list.children ?? {})) {
      const request = childRequest(api, kind, child, item, label)
      if (request) yield page.follow([request])
    }
  }
  const answer: PageAnswer = {
    url: page.url,
    document,
    items,
    headers: page.headers,
    text: () => page.text(),
  }
  const next = nextPage(list, place, answer)
  if (next.kind === 'end') {
    if (next.why !== undefined) log(`${page.url}: ${next.why}, so paging ends here.`)
    return
  }
  const { url, keep, since } = page.data ?? {}
  const carried = {
    ...(url !== undefined && { url }),
    ...(keep && { keep }),
    ...(since !== undefined && { since }),
  }
  const request = requestFor(api, list, { ...next.place, ...carried })
  const named = next.url === undefined ? {} : { url: addressOf(next.url, api, page) }
  yield page.follow([{ ...request, ...named, ...(label !== undefined && { label }) }])
}

/** The list that a page is of: the interface's own, or one of an item's. */
function listOf(api: Api, { request: { label }, data }: ApiPage): ApiList {
  let list: ApiList = api
  for (const kind of label?.split('/') ?? []) {
    const child = list.children?.[kind]
    if (!child)
      throw new RegattaError('SOURCE_FAILED', `There is no list "${kind}" in the interface any more.`, {
        value: undefined,
      })
    list = child
  }
  return data?.url === undefined ? list : { ...list, url: data.url }
}

/** Remembers it, where it was not there before. */
function isKnown(api: Api, item: unknown, run: Progress): boolean {
  const value = valueAt(item, api.since!)
  const named = valueAt(item, api.key)
  const key = typeof named === 'string' || typeof named === 'number' ? String(named) : JSON.stringify(item)
  if (isBehind(run.before, value, key)) return true
  run.ahead = advanced(run.ahead, value, key)
  return false
}

function requestFor(api: Api, list: ApiList, data: ApiData): RequestInput {
  const values = { ...fillingOf(data), limit: list.limit, since: data.since }
  const asked = { url: fillUrl(list.url, values), headers: api.headers, data }
  if (list.body === undefined) return Object.keys(api.headers).length > 0 ? asked : { url: asked.url, data }
  return {
    ...asked,
    method: 'POST',
    headers: { ...api.headers, 'content-type': 'application/json' },
    body: JSON.stringify(fillBody(list.body, values)),
    // It reads, and changes nothing.
    idempotent: true,
  }
}

/** The first page of a list of an item; undefined where the item has not what its URL needs. */
function childRequest(
  api: Api,
  kind: string,
  child: ApiChild,
  item: unknown,
  label: string | undefined,
): RequestInput | undefined {
  const pointers = placesIn(child.url).filter((name) => name.startsWith('/'))
  const values = Object.fromEntries(pointers.map((name) => [name, valueAt(item, name)]))
  if (Object.values(values).some((value) => value === undefined || value === null || value === ''))
    return undefined
  const url = fillUrl(child.url, values)
  const keep = Object.fromEntries(Object.entries(child.keep).map(([name, at]) => [name, valueAt(item, at)]))
  const data = { ...firstPlace(child), url, ...(Object.keys(keep).length > 0 && { keep }) }
  return {
    ...requestFor(api, { ...child, url }, data),
    label: label === undefined ? kind : `${label}/${kind}`,
  }
}

/**
 * Where the answer says that the next page is. An interface behind a proxy that ends TLS names itself by http; a key that was
 * sent in the query, and is repeated there, does not go into the frontier; and with a key or a login, no other host is asked.
 */
function addressOf(next: string, api: Api, page: ApiPage): string {
  const url = URL.parse(next, page.url)
  if (url === null) return next
  const asked = new URL(page.url)
  if (
    asked.protocol === 'https:' &&
    url.protocol === 'http:' &&
    url.hostname === asked.hostname &&
    url.port === ''
  )
    url.protocol = 'https:'
  const texts = [api.auth ?? []].flat()
  for (const text of texts) {
    const [, name] = /^query\s+([^\s=]+)=/i.exec(text.trim()) ?? []
    if (name !== undefined && url.searchParams.has(name)) url.searchParams.delete(name)
  }
  if ((texts.length > 0 || api.login) && url.origin !== originOf(api)) {
    const sentence = `${page.url} names ${url.origin} for its next page, and the key is for ${originOf(api)} alone.`
    throw new RegattaError('SOURCE_FAILED', sentence, { value: { url: page.url } })
  }
  return url.href
}

function originOf({ url }: Pick<Api, 'url'>): string {
  return new URL(fillUrl(url, {})).origin
}

async function logIn(
  login: ApiLogin,
  fetch: SessionFetch,
  env: Readonly<Record<string, string | undefined>>,
  what: string,
): Promise<SessionPass> {
  const fill = (text: string) => fillSecrets(text, env, what)
  const own = readAccess([login.auth ?? []].flat(), env, what)
  const url = new URL(login.url)
  for (const [name, value] of Object.entries(own.query ?? {})) url.searchParams.set(name, value)
  const { form } = login
  const body = form
    ? new URLSearchParams(Object.entries(form).map(([name, value]) => [name, fill(value)])).toString()
    : JSON.stringify(deep(login.body ?? {}, fill))
  const type = form ? 'application/x-www-form-urlencoded' : 'application/json'
  const headers = { 'content-type': type, accept: 'application/json', ...own.headers }
  const response = await fetch(url.href, { method: 'POST', headers, body, idempotent: true })
  if (!response.ok) throw new Error(`the login answered ${response.status}`)
  const token = valueAt(await response.json(), login.token)
  if (typeof token !== 'string' || token === '') throw new Error(`the login has no token at "${login.token}"`)
  const { headers: sent, query } = readAccess([login.send.replace('{token}', '${token}')], { token }, what)
  return { headers: sent, query }
}

function deep(value: unknown, fill: (text: string) => string): unknown {
  if (typeof value === 'string') return fill(value)
  if (Array.isArray(value)) return value.map((each) => deep(each, fill))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, deep(each, fill)]))
}
