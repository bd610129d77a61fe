import { defineSource, type Page, RegattaError, type SourceContext } from 'regatta'
import {
  fetchableUrl,
  file,
  fillUrl,
  formatOf,
  isHtml,
  list as listOf,
  placesIn,
  readEntries,
  readFieldSelector,
  readRows,
  selectFields,
  WrongLines,
} from 'regatta/source'
import { z } from 'zod'

/**
 * A page for each entry of a list: URLs, or names that go into one (`https://api.example.com/quotes/{item}`). The list is a file,
 * a table, a pipe, or stands on the command line; what is wanted of each page is said in a line for each field.
 */
const fields = z
  .union([z.array(z.string()), z.string().transform((text) => [text])])
  .default([])
  .transform((lines, context) =>
    lines.flatMap((line) => {
      const field = readFieldSelector(line)
      if (!field)
        context.addIssue(
          'expected name=selector, such as title=h1, price=.price@data-value or name=/data/name',
        )
      return field ? [field] : []
    }),
  )

const params = z
  .strictObject({
    of: file()
      .optional()
      .describe('The list: a file with an entry on each line, a table (.csv, .tsv), or - for stdin.'),
    items: listOf().default([]).describe('Entries, in place of a file or beside it.'),
    url: z
      .string()
      .default('{item}')
      .describe(
        'Where the page of an entry is: {item} is the entry; of a table, {NAME} is the cell of that column.',
      ),
    column: z.string().optional().describe('The column of a table that is {item}. Default: the first.'),
    delimiter: z
      .string()
      .min(1)
      .optional()
      .describe('Between the cells of a table. Default: a comma, in .tsv a tab.'),
    fields: fields.describe(
      'What is wanted: name=selector, with @attribute for an attribute and name[]= for all; name=/pointer in JSON. Default: title and text, or the JSON.',
    ),
  })
  .refine(({ of, items }) => of !== undefined || items.length > 0, {
    path: ['of'],
    error: 'expected a file, here, or entries in "items"',
  })
  .refine(({ url }) => url === '{item}' || (/^https?:\/\//i.test(url) && placesIn(url).length > 0), {
    path: ['url'],
    error: 'expected an http or https URL with {item} in it',
  })

type Params = z.output<typeof params>

/** What a request carries back: its entry. */
const data = z.object({ item: z.string() })

export const list = defineSource({
  name: 'list',
  description: 'A page for each entry of a list: URLs, or names that go into one',
  params,
  item: z.record(z.string(), z.unknown()),
  data,
  parsesErrors: true,

  async *seeds(params, context) {
    for (const item of params.items) {
      const url = addressOf(params.url, { item })
      if (url === undefined) context.log(`"${item}" is left out: it is no http or https URL.`)
      else yield { url, data: { item } }
    }
    if (params.of !== undefined) yield* entriesOf(params.of, params, context)
  },

  *parse(page) {
    const { item } = page.data
    const known = { item, url: page.url, status: page.status }
    const { fields } = page.params
    if (page.status >= 400)
      yield page.item({ ...known, ...Object.fromEntries(fields.map(({ name }) => [name, null])) })
    else yield page.item({ ...known, ...(fields.length > 0 ? selectFields(page, fields) : bodyOf(page)) })
  },
})

/** The requests of a file, one at a time. */
async function* entriesOf(path: string, params: Params, context: SourceContext) {
  const { url: template, column, delimiter } = params
  const wrong = new WrongLines(path, context)
  const isTable = column !== undefined || delimiter !== undefined || /\.[ct]sv$/i.test(path)
  const entries: AsyncIterable<Entry> = isTable ? cellsOf(path, params, context) : readEntries(path, context)
  for await (const { number, text: item, cells } of entries) {
    const url = item === '' ? undefined : addressOf(template, { ...cells, item })
    if (url !== undefined) yield { url, data: { item } }
    else wrong.tell(number, item === '' ? 'without an entry' : 'no http or https URL')
  }
  wrong.end()
}

interface Entry {
  readonly number: number
  readonly text: string
  readonly cells?: Readonly<Record<string, string>>
}

async function* cellsOf(
  path: string,
  { column, delimiter, url }: Params,
  context: SourceContext,
): AsyncGenerator<Entry> {
  let number = 1 // the head
  for await (const cells of readRows(path, context, { delimiter })) {
    const wanted = [
      ...(column === undefined ? [] : [column]),
      ...placesIn(url).filter((name) => name !== 'item'),
    ]
    const absent = number === 1 && wanted.find((name) => cells[name] === undefined)
    if (absent) {
      const there = Object.keys(cells).join(', ')
      throw new RegattaError('PARAM_INVALID', `${path} has no column "${absent}"; it has ${there}.`, {
        value: { issues: [{ path: 'column', message: `there is no column "${absent}"` }] },
      })
    }
    const text = column === undefined ? Object.values(cells)[0] : cells[column]
    yield { number: ++number, text: text ?? '', cells }
  }
}

/** Undefined for an entry that is no URL, or lacks what the template wants. */
function addressOf(template: string, values: Readonly<Record<string, string>>): string | undefined {
  if (template === '{item}')
    return /^https?:/i.test(values.item ?? '') ? fetchableUrl(values.item!) : undefined
  if (placesIn(template).some((name) => !values[name])) return undefined
  return fetchableUrl(fillUrl(template, values))
}

function bodyOf(page: Page): Record<string, unknown> {
  if (isHtml(page)) return { title: page.document.title, text: page.document.text }
  const isJson = formatOf(page.mimeType) === 'json' && /json/.test(page.mimeType)
  return isJson ? { json: page.json() } : { text: /^text\/|xml/.test(page.mimeType) ? page.text() : '' }
}
