import type { CheerioAPI } from 'cheerio'

/** One control of a form. */
export interface Field {
  /** May be empty: then it sends nothing. */
  readonly name: string
  readonly kind: 'text' | 'checkbox' | 'radio' | 'select' | 'file' | 'button'
  /** What it sends now; empty when it is not ticked, nothing is selected or it was taken out. */
  values: string[]
  /** What a checkbox, a radio button or a button sends when it is ticked or pressed. */
  readonly choice: string | undefined
  readonly attributes: Readonly<Record<string, string>>
}

/** What cheerio finds; the types have their names in a package of cheerio's own. */
export type Element = Extract<Node, { attribs: unknown }>
type Node = ReturnType<CheerioAPI>[number]

const controls = 'input, select, textarea, button'

/**
 * The controls that belong to a form and are not disabled, in the order of the page; also those that name it from outside.
 * Parents are walked by hand: `find` below an element takes time that grows with the square of what it finds.
 */
export function fieldsOf($: CheerioAPI, form: Element): Field[] {
  const id = form.attribs.id
  const fields: Field[] = []
  for (const element of $(controls)) {
    const attributes = element.attribs
    const { form: owner } = attributes
    const belongs = owner === undefined ? isWithin(element, form) : id !== undefined && owner === id
    if (!belongs || attributes.disabled !== undefined || isInDisabledSet(element)) continue
    const field = fieldOf(
      element.name,
      attributes,
      () => optionsOf($, element),
      () => $(element).text(),
    )
    if (field) fields.push(field)
  }
  return fields
}

export function isElement(node: Node): node is Element {
  return 'attribs' in node
}

export function isWithin(element: Element, ancestor: unknown): boolean {
  for (let above = element.parent; above !== null; above = above.parent) if (above === ancestor) return true
  return false
}

function isInDisabledSet(element: Element): boolean {
  for (let above = element.parent; above !== null; above = above.parent) {
    if ('name' in above && above.name === 'fieldset' && above.attribs.disabled !== undefined) return true
  }
  return false
}

function fieldOf(
  tag: string,
  attributes: Readonly<Record<string, string>>,
  options: () => string[],
  text: () => string,
): Field | undefined {
  const { name = '', value } = attributes
  const type = (attributes.type ?? (tag === 'button' ? 'submit' : 'text')).toLowerCase()
  const field = { name, attributes, choice: undefined }
  if (tag === 'select') return { ...field, kind: 'select', values: options() }
  // A line end right behind the tag is left out by the parser already.
  if (tag === 'textarea') return { ...field, kind: 'text', values: [text()] }
  if (type === 'submit') return { ...field, kind: 'button', values: [], choice: value ?? '' }
  if (tag === 'button' || type === 'button' || type === 'reset' || type === 'image') return undefined
  if (type === 'checkbox' || type === 'radio') {
    const choice = value ?? 'on'
    return { ...field, kind: type, values: attributes.checked === undefined ? [] : [choice], choice }
  }
  return { ...field, kind: type === 'file' ? 'file' : 'text', values: [value ?? ''] }
}

/** What is selected; without `multiple` and without a choice it is the first option. */
function optionsOf($: CheerioAPI, select: Element): string[] {
  const options = optionsBelow(select).filter(({ attribs }) => attribs.disabled === undefined)
  const chosen = options.filter(({ attribs }) => attribs.selected !== undefined)
  const selected = select.attribs.multiple === undefined ? [chosen.at(-1) ?? options[0]] : chosen
  return selected.flatMap((option) => (option ? [option.attribs.value ?? $(option).text().trim()] : []))
}

/** Also those in groups. */
function optionsBelow(select: Element): Element[] {
  const elements = (parent: Element) => parent.children.filter(isElement)
  return elements(select).flatMap((child) =>
    child.name === 'option' ? [child] : elements(child).filter(({ name }) => name === 'option'),
  )
}
