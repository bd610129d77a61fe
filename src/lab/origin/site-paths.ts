/** The addresses of a made-up site: pages by number, and what they say as JSON. */

/** Undefined for what is no page; the number may be beyond the last. */
export function indexOf(path: string): number | undefined {
  if (path === '/') return 0
  const number = /^\/page\/([1-9]\d*)$/.exec(path)?.[1]
  return number === undefined ? undefined : Number(number)
}

export function itemOf(path: string): number | undefined {
  const number = /^\/api\/items\/(\d+)$/.exec(path)?.[1]
  return number === undefined ? undefined : Number(number)
}

export function pathOf(index: number): string {
  return index === 0 ? '/' : `/page/${index}`
}
