/** Names of fields as a person would give them: from attributes, classes and tags. */

/** Classes that a tool has made, that say how something looks, or that only some of equal elements have. */
const unstable =
  /\d{3,}|^(?:css|sc|jsx|svelte|emotion)-|^_|__?[A-Za-z0-9]*\d[A-Za-z0-9]*$|^(?:active|selected|current|first|last|odd|even|alt|hidden|visible|clearfix|disabled|open|is-.*|has-.*|js-.*)$/
const layout =
  /^(?:col|row|grid|flex|p|m|px|py|mx|my|mt|mb|ml|mr|pt|pb|pl|pr|w|h|text|font|bg|border|rounded|float|d|align|justify|items|gap|space|btn|sm|md|lg|xl|pull|push|offset|container|wrapper|inner|u|uk)(?:[-_:]|$)/i

/** Classes by which an element can be found again, those with a meaning first. */
export function stableClasses(text: string | undefined): string[] {
  const all = (text ?? '').split(/\s+/).filter((name) => /^[a-z][\w-]*$/i.test(name) && !unstable.test(name))
  return [...all.filter((name) => !layout.test(name)), ...all.filter((name) => layout.test(name))]
}

/** What a part of a longer name says enough. */
const usual = [
  'price',
  'title',
  'author',
  'rating',
  'summary',
  'description',
  'location',
  'salary',
  'company',
]

const byTag: Readonly<Record<string, string>> = {
  h1: 'title',
  h2: 'title',
  h3: 'title',
  h4: 'title',
  h5: 'title',
  h6: 'title',
  a: 'title',
  img: 'image',
  time: 'date',
  p: 'text',
  blockquote: 'text',
  address: 'address',
  cite: 'author',
}

/** What an element says: by its itemprop, its class without what its row is called, or its tag. */
export function nameOf(
  {
    tag,
    itemprop,
    className,
  }: { tag: string; itemprop?: string | undefined; className?: string | undefined },
  row: readonly string[],
): string {
  const [property] = (itemprop ?? '').split(/\s+/)
  if (property) return identifier(property) ?? 'value'
  for (const name of stableClasses(className)) {
    if (layout.test(name)) continue
    const own = identifier(withoutRow(name.split('__').at(-1)!, row))
    if (own !== undefined) return usual.find((word) => own.toLowerCase().includes(word)) ?? own
  }
  return byTag[tag] ?? 'text'
}

function withoutRow(name: string, row: readonly string[]): string {
  for (const each of row.flatMap((one) => [one, ...one.split(/[-_]/)])) {
    if (each.length > 2 && name.length > each.length + 1 && name.toLowerCase().startsWith(each.toLowerCase()))
      return name.slice(each.length).replace(/^[-_]+/, '')
  }
  return name
}

/** `Published at` becomes `publishedAt`; undefined for what has no letter. */
export function identifier(words: string): string | undefined {
  const parts = words
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .filter((part) => part !== '')
  const [first, ...others] = parts.slice(0, 4).map((part) => part.toLowerCase())
  if (first === undefined || !/[a-z]/.test(first)) return undefined
  const name = first + others.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join('')
  return /^\d/.test(name) ? `n${name}` : name
}

/** Each name once: the second `price` is `price2`. */
export function distinctName(name: string, taken: ReadonlySet<string>): string {
  let own = name
  for (let number = 2; taken.has(own); number++) own = `${name}${number}`
  return own
}

/** A text in single quotes, as code. */
export function quoted(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}
