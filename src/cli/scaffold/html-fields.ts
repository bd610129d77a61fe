import type { CheerioAPI } from 'cheerio'
import type { Element } from 'domhandler'
import { distinctName, identifier, nameOf, quoted, stableClasses } from './field-names.ts'
import type { Field } from './guess.ts'
import { formOf, ownText } from './html-rows.ts'

/** What each row of a page says: the parts that most rows have and that are not the same in all of them, with how they are found again. */
const mostFields = 14

interface Part {
  readonly path: string
  /** Of each row that has it, in its order. */
  readonly found: Map<Element, Element[]>
}

export function fieldsOf($: CheerioAPI, members: readonly Element[]): Field[] {
  const taken = new Set<string>()
  const known = new Set<string>()
  const fields: Field[] = []
  const row = stableClasses(members[0]!.attribs.class)
  for (const part of partsIn($, members)) {
    if (part.found.size < members.length / 2) continue
    for (const { name, values, make } of readings($, part, members, row)) {
      if (fields.length === mostFields) return fields
      // A picture and a heading often lead to the same place.
      if (known.size === known.add(values.join('\n')).size) continue
      const own = distinctName(name, taken)
      taken.add(own)
      fields.push(make(own))
    }
  }
  return fields
}

/** By place in the row, in the order of the page. */
function partsIn($: CheerioAPI, members: readonly Element[]): Part[] {
  const parts = new Map<string, Part>()
  for (const member of members) {
    const paths = new Map<Element, string>([[member, '']])
    for (const element of [member, ...($(member).find('*').toArray() as Element[])]) {
      const above = element === member ? '' : (paths.get(element.parent as Element) ?? '')
      const place = element.name === 'td' || element.name === 'th' ? `:${$(element).index()}` : ''
      // Cells of a column look this way or that; what makes them one is where they stand.
      const form = place === '' ? formOf(element) : `${element.name}${place}`
      const path = element === member ? '' : `${above}>${form}`
      paths.set(element, path)
      const { href, src, datetime, content } = element.attribs
      if (ownText(element) === '' && !href && !src && !datetime && !(content && element.attribs.itemprop))
        continue
      const part = parts.get(path) ?? { path, found: new Map<Element, Element[]>() }
      part.found.set(member, [...(part.found.get(member) ?? []), element])
      parts.set(path, part)
    }
  }
  return [...parts.values()]
}

interface Reading {
  readonly name: string
  /** What it reads here, row by row. */
  readonly values: readonly (string | undefined)[]
  make(name: string): Field
}

/** What can be read of a part: its words, where it leads, its picture, its time. */
function readings($: CheerioAPI, part: Part, members: readonly Element[], row: readonly string[]): Reading[] {
  const all = [...part.found.values()]
  const [sample] = all[0]!
  const { name: tag, attribs } = sample!
  const isList = all.filter((found) => found.length > 1).length > all.length / 3
  const isOptional = part.found.size < members.length
  const selector = selectorIn($, part, members, isList)
  if (selector === undefined) return []
  const title = headerOf($, sample!)
  const name = title ?? nameOf({ tag, itemprop: attribs.itemprop, className: attribs.class }, row)
  const texts = all.flat().map((each) => $(each).text().trim())
  const find = (of: string) => (selector === '' ? of : `${of}.find(${quoted(selector)})`)
  const found: Reading[] = []
  const says = (values: readonly (string | undefined)[]) => new Set(values).size > 1 || members.length === 1
  // A label before what it labels is the same in each row.
  const hasText = says(all.flat().map(ownText)) && ownText(sample!) !== ''
  if (hasText && attribs.datetime === undefined) {
    const manner = { find, isList, isOptional, isNumber: texts.every(isNumber) }
    const own = isList && !name.endsWith('s') ? `${name}s` : name
    found.push({ name: own, values: texts, make: (its) => textField(its, manner) })
  }
  // What a list of words leads to is seldom wanted.
  if (isList && hasText) return found
  const attribute = (what: string, own: string, isUrl: boolean) => {
    const values = all.flat().map((each) => each.attribs[what])
    if (!values.some(Boolean) || !says(values)) return
    found.push({
      name: own,
      values,
      make: (its) => attributeField(its, { find, what, isUrl, isList, isOptional }),
    })
  }
  if (tag === 'a')
    attribute(
      'href',
      name === 'title' || row.includes(name) ? 'url' : (identifier(`${name} url`) ?? 'url'),
      true,
    )
  if (tag === 'img') attribute('src', /avatar|logo/i.test(name) ? name : 'image', true)
  if (attribs.datetime !== undefined) attribute('datetime', name, false)
  if (attribs.itemprop && attribs.content !== undefined) attribute('content', name, false)
  return found
}

interface Manner {
  find(row: string): string
  readonly isList: boolean
  readonly isOptional: boolean
}

function textField(
  name: string,
  { find, isList, isOptional, isNumber: isCount }: Manner & { isNumber: boolean },
): Field {
  if (isList)
    return {
      name,
      schema: 'z.array(z.string())',
      code: (row) => `${find(row)}.toArray().map((each) => page.$(each).text().trim())`,
    }
  if (isCount && !isOptional)
    return {
      name,
      schema: 'z.number()',
      code: (row) => `Number(${find(row)}.first().text().replaceAll(',', ''))`,
    }
  const code = (row: string) => `${find(row)}.first().text().trim()${isOptional ? ' || undefined' : ''}`
  return { name, schema: isOptional ? 'z.string().optional()' : 'z.string().min(1)', code }
}

function attributeField(
  name: string,
  { find, what, isUrl, isList, isOptional }: Manner & { readonly what: string; readonly isUrl: boolean },
): Field {
  const value = (of: string) => (isUrl ? `absolute(${of}, page.url)` : of)
  if (isList)
    return {
      name,
      schema: 'z.array(z.string())',
      code: (row) => `${find(row)}.toArray().map((each) => ${value(`page.$(each).attr('${what}')`)} ?? '')`,
    }
  const kind = isUrl ? 'z.url()' : 'z.string()'
  return {
    name,
    schema: isOptional ? `${kind}.optional()` : kind,
    code: (row) => `${value(`${find(row)}.attr('${what}')`)}${isOptional ? '' : " ?? ''"}`,
  }
}

function isNumber(text: string): boolean {
  return /^[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?$/.test(text)
}

/** Of a cell: what stands at the head of its column. */
function headerOf($: CheerioAPI, element: Element): string | undefined {
  const cell = element.name === 'td' ? $(element) : $(element).closest('td')
  if (cell.length === 0) return undefined
  const head = cell.closest('table').find('th').eq(cell.index()).text()
  return identifier(head)
}

/** The shortest that finds this part and no other in each row; '' for the row itself. */
function selectorIn(
  $: CheerioAPI,
  { path, found }: Part,
  members: readonly Element[],
  isList: boolean,
): string | undefined {
  if (path === '') return ''
  const [[sample]] = [...found.values()] as [Element[]]
  const { name: tag, attribs } = sample!
  const classes = stableClasses(attribs.class)
  const [property] = (attribs.itemprop ?? '').split(/\s+/)
  const cell = $(sample!).closest('td')
  const column = cell.length > 0 ? `td:nth-child(${cell.index() + 1})` : undefined
  const parents = $(sample!)
    .parentsUntil(members.find((each) => found.get(each)?.includes(sample!))!)
    .toArray() as Element[]
  const places = parents.flatMap((each) => [
    ...stableClasses(each.attribs.class).map((name) => `.${name}`),
    each.name,
  ])
  const own = [
    ...(property ? [`[itemprop="${property}"]`] : []),
    ...classes.map((name) => `.${name}`),
    ...classes.map((name) => `${tag}.${name}`),
    ...(column === undefined ? [] : [tag === 'td' ? column : `${column} ${tag}`]),
    tag,
  ]
  const candidates = [
    ...own,
    ...places.flatMap((place) => own.map((each) => `${place} ${each}`)),
    ...places.flatMap((place) => own.map((each) => `${place} > ${each}`)),
  ]
  return candidates.find((candidate) =>
    members.every((member) => {
      const wanted = found.get(member) ?? []
      const has = $(member).find(candidate).toArray() as Element[]
      return isList
        ? has.length === wanted.length && has.every((each) => wanted.includes(each))
        : has[0] === wanted[0]
    }),
  )
}
