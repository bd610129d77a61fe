/**
 * Requests with places to fill in: `https://api.example.com/items?after={cursor}&limit={limit}`, and JSON bodies in which a
 * text that is nothing but a place, `"{cursor}"`, becomes the value itself. What is not known yet (the cursor of the first
 * page) leaves its parameter, or its member, out: `after=` would be a cursor that is empty.
 */
export type Filling = Readonly<Record<string, unknown>>

const place = /\{([A-Za-z]\w*|\/[^{}]*)\}/g

/** The names of the places: `page`, or a JSON pointer such as `/id`. */
export function placesIn(template: string): string[] {
  return [...template.matchAll(place)].map(([, name]) => name!)
}

/** Values are percent-encoded; a place that `values` has no name for stays as it is. */
export function fillUrl(template: string, values: Filling): string {
  const [, head = '', query, fragment = ''] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(template) ?? []
  const parts = query?.split('&').filter((part) => !isUnknown(part, values))
  const rest =
    parts === undefined || parts.length === 0
      ? ''
      : `?${parts.map((part) => fillText(part, values)).join('&')}`
  return fillText(head, values) + rest + fillText(fragment, values)
}

/** The body of a request; what is no text stays as it is. */
export function fillBody(template: unknown, values: Filling): unknown {
  if (typeof template === 'string') {
    const [whole, name = ''] = /^\{([^{}]*)\}$/.exec(template) ?? []
    return whole !== undefined && Object.hasOwn(values, name) ? values[name] : template
  }
  if (Array.isArray(template)) return template.map((each) => fillBody(each, values))
  if (typeof template !== 'object' || template === null) return template
  const filled = Object.entries(template).map(([key, each]) => [key, fillBody(each, values)] as const)
  return Object.fromEntries(filled.filter(([, value]) => value !== undefined))
}

/** A parameter all of whose places are empty. */
function isUnknown(part: string, values: Filling): boolean {
  const names = placesIn(part).filter((name) => Object.hasOwn(values, name))
  return names.length > 0 && names.every((name) => values[name] === undefined)
}

function fillText(text: string, values: Filling): string {
  return text.replace(place, (whole, name: string) => {
    if (!Object.hasOwn(values, name)) return whole
    const value = values[name]
    if (value === undefined || value === null) return ''
    return encodeURIComponent(typeof value === 'object' ? JSON.stringify(value) : String(value))
  })
}
