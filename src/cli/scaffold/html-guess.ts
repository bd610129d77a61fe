import type { CheerioAPI } from 'cheerio'
import type { Element } from 'domhandler'
import { distinctName, identifier, nameOf, quoted, stableClasses } from './field-names.ts'
import type { Field, Guess } from './guess.ts'
import { fieldsOf } from './html-fields.ts'
import { findNext } from './html-next.ts'
import { findRows } from './html-rows.ts'

/** A list of rows where the page has one; else what the page as a whole says of its subject. */
const mostFacts = 10
/** Classes of what is often wanted of a page about one thing. */
const telling = /price|author|byline|date|rating|sku|brand|category|location|salary|isbn|availability|stock/i

export function guessHtml($: CheerioAPI, url: string): Guess {
  const next = findNext($, url)
  const leads = next === undefined ? undefined : ({ kind: 'selector', selector: next } as const)
  const rows = findRows($)
  const fields = rows ? fieldsOf($, rows.members) : []
  if (rows && fields.length > 1)
    return {
      found: `${rows.members.length} rows of "${rows.selector}"`,
      rows: { selector: rows.selector },
      fields,
      next: leads,
      format: 'html',
    }
  const facts = factsOf($)
  return {
    found: 'no list, so the page is one item',
    rows: undefined,
    fields: facts,
    next: leads,
    format: 'html',
  }
}

/** What a page says of itself: its heading, its description, and pairs of a name and a value. */
function factsOf($: CheerioAPI): Field[] {
  const taken = new Set(['url'])
  const fields: Field[] = []
  const add = (words: string, code: string, isSure = false) => {
    const named = identifier(words)
    if (named === undefined || fields.length >= mostFacts) return
    const name = distinctName(named, taken)
    taken.add(name)
    const schema = isSure ? 'z.string().min(1)' : 'z.string().optional()'
    fields.push({ name, schema, code: () => (isSure ? code : `${code} || undefined`) })
  }
  const heading = $('h1').first().text().trim() !== '' ? 'h1' : 'title'
  const hasHeading = $(heading).first().text().trim() !== ''
  add('title', `page.$('${heading}').first().text().trim()`, hasHeading)
  if ($('meta[name="description"]').attr('content')) add('description', 'page.document.description')
  const image = 'meta[property="og:image"]'
  if ($(image).attr('content')) add('image', `page.$('${image}').attr('content')`)
  if ($('time[datetime]').length > 0) add('date', `page.$('time[datetime]').first().attr('datetime')`)
  const named = new Set(
    $('[itemprop]')
      .toArray()
      .map((each) => (each as Element).attribs.itemprop!),
  )
  for (const property of named) {
    if (!/^[a-z]\w*$/i.test(property) || taken.has(identifier(property) ?? '')) continue
    const selector = `[itemprop="${property}"]`
    const [first] = $(selector).toArray() as Element[]
    if (first!.attribs.content !== undefined) add(property, `page.$('${selector}').first().attr('content')`)
    else if ($(first!).text().trim() !== '') add(property, `page.$('${selector}').first().text().trim()`)
  }
  for (const element of $('body [class]').toArray() as Element[]) {
    const [name] = stableClasses(element.attribs.class).filter((each) => telling.test(each))
    if (name === undefined || $(`.${name}`).length > 1 || $(element).text().trim().length > 200) continue
    if ($(element).text().trim() !== '')
      add(nameOf({ tag: element.name, className: name }, []), `page.$('.${name}').text().trim()`)
  }
  for (const [term, selector] of pairsIn($)) add(term, `page.$(${quoted(selector)}).first().text().trim()`)
  return fields
}

/** Terms with what is said of them: of definition lists, and of tables of two columns. */
function* pairsIn($: CheerioAPI): Generator<[term: string, selector: string]> {
  for (const element of $('dt, tr > th:first-child').toArray() as Element[]) {
    const term = $(element).text().trim()
    const value = element.name === 'dt' ? 'dd' : 'td'
    if (term === '' || term.length > 40 || /["\\\n]/.test(term)) continue
    if (($(element).nextAll(value).first().text() || '').trim() === '') continue
    yield [term, `${element.name}:contains("${term}") + ${value}`]
  }
}
