/**
 * What the path of a part says about it. Paths are written by the readers (markup-parts.ts, json-parts.ts, line-parts.ts,
 * header-parts.ts): `body>ul.list>li` is an element, with ` text` behind it what stands in it, with `@href` an attribute;
 * `$.items[].price` a value of JSON, behind the path of a script where it stands in one; ` open` behind either is where an answer
 * ends too early; `line`, `comment` (and declarations) and `blank` (white space between tags), `header NAME`, `fault CAUSE`.
 */
export interface PartTraits {
  /** How much of an answer it is, per occurrence. */
  readonly weight: number
  /** Whether it is something to read, and not a link, a script, a frame, a form, an element or a header. */
  readonly isText: boolean
}

const textAttributes = new Set(
  'alt title content value placeholder label datetime class id style summary abbr width height lang dir'.split(
    ' ',
  ),
)

export function traitsOf(path: string): PartTraits {
  if (path.startsWith('header ') || path.startsWith('fault ')) return { weight: 0.1, isText: false }
  if (path === 'comment' || path === 'blank') return { weight: 0.02, isText: true }
  if (path === 'line' || path === 'text') return { weight: 1, isText: true }
  if (path.endsWith(' open')) return { weight: 1, isText: false }
  if (isJson(path)) return { weight: path.endsWith('$') ? 0.1 : 1, isText: !namesLink(path) }
  if (path.endsWith(' text')) return textTraits(path)
  const at = path.lastIndexOf('@')
  if (at >= 0) return attributeTraits(path.slice(0, at), path.slice(at + 1))
  return elementTraits(path)
}

/** The path without the classes, ids and names of its elements. */
export function bareName(path: string): string {
  return path.startsWith('header ') || isOfData(path) ? path : path.replaceAll(/\.[^>@ ]*/g, '')
}

/** Whether the path is one of lines or JSON, where how many there are is content. */
export function isOfData(path: string): boolean {
  return path === 'line' || isJson(path)
}

function isJson(path: string): boolean {
  return path.startsWith('$') || path.includes(' $')
}

function textTraits(path: string): PartTraits {
  const element = nameOf(path.slice(0, -5))
  const isText = !/^(?:script|style|iframe|loc|link|guid)$/.test(element)
  return { weight: element === 'title' ? 0.5 : 1, isText }
}

function attributeTraits(path: string, name: string): PartTraits {
  const isText =
    (textAttributes.has(name) || name.startsWith('data-') || name.startsWith('aria-')) &&
    !(name === 'content' && path.endsWith('.refresh')) &&
    !/(?:src|href|url|link)$/.test(name)
  return { weight: isText ? 0.25 : 0.5, isText }
}

function elementTraits(path: string): PartTraits {
  const element = nameOf(path)
  if (/^(?:html|head|body|title)$/.test(element)) return { weight: 0.05, isText: false }
  return { weight: element === 'meta' || element === 'link' ? 0.5 : 1, isText: false }
}

function namesLink(path: string): boolean {
  return /(?:url|uri|href|src|link|links\[\])$/i.test(path)
}

/** Of the last element, without its token. */
function nameOf(path: string): string {
  const last = path.slice(path.lastIndexOf('>') + 1)
  const dot = last.indexOf('.')
  return dot < 0 ? last : last.slice(0, dot)
}
