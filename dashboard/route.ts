import { Topic } from './topic.ts'

/** Where the reader is: a view, and what it is about. It stands behind the `#` of the address, so that it can be kept and sent. */
export const views = ['overview', 'hosts', 'proxies', 'proxy', 'requests', 'request', 'dead'] as const
export type View = (typeof views)[number]

export interface Route {
  readonly view: View
  readonly query: Readonly<Record<string, string>>
}

export const route = new Topic<Route>(readRoute())

addEventListener('hashchange', () => route.set(readRoute()))

export function href(view: View, query: Readonly<Record<string, string>> = {}): string {
  const text = new URLSearchParams(query).toString()
  return `#/${view}${text === '' ? '' : `?${text}`}`
}

/** The same place with another question, without an entry in the history: what is typed makes no pages. */
export function replaceQuery(view: View, query: Readonly<Record<string, string>>): void {
  history.replaceState(null, '', href(view, query))
  route.set({ view, query })
}

export function go(view: View, query: Readonly<Record<string, string>> = {}): void {
  location.hash = href(view, query).slice(1)
}

function readRoute(): Route {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?')
  const view = views.find((each) => each === path) ?? 'overview'
  return { view, query: Object.fromEntries(new URLSearchParams(query)) }
}
