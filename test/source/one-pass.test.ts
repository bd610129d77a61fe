import { load } from 'cheerio'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readContent } from '../../src/source/content.ts'
import { collectLinks } from '../../src/source/links.ts'
import { parseMarkup } from '../../src/source/markup.ts'
import { readDocument } from '../../src/source/read-document.ts'

/**
 * The reading in one pass against the standard's tree, which parse5 makes: whatever a page is put together of, both find the
 * same title, text, headings and links. Where they do not on purpose, the pieces are not given, or order does not count.
 */
const url = 'https://a.example/dir/page'

/** The same pages each time: in 30,000 there is one where parse5 leaves the standard (`</desc>` from within HTML in SVG). */
const runs = { numRuns: 250, seed: 20261 }

interface Reading {
  readonly title: string
  readonly text: string
  readonly headings: readonly { readonly level: number; readonly text: string }[]
  readonly links: readonly string[]
}

function byTree(html: string): Reading {
  const $ = load(html, { scriptingEnabled: false })
  $('template').remove()
  const title = $('title')
    .toArray()
    .find((element) => element.namespace?.endsWith('xhtml'))
  const selector = 'a[href], area[href], iframe[src], frame[src]'
  return {
    title: title
      ? $(title)
          .text()
          .replaceAll(/[\s\0]+/g, ' ')
          .trim()
      : '',
    ...readContent($),
    links: collectLinks($, url, selector).links.map((link) => link.url),
  }
}

function inOnePass(html: string): Reading {
  const { title, text, headings, links } = readDocument(html, 'html', { url, encoding: 'utf-8' })
  return { title, text, headings, links: links.map((link) => link.url) }
}

/** The words and links, in any order: text that a table has no place for is read where it stands. */
function unordered({ title, text, headings, links }: Reading) {
  return {
    title,
    words: text.match(/\w/g)?.sort(),
    headings: headings.map(({ level }) => level),
    links: [...links].sort(),
  }
}

const words = ['text ', 'more', '\n', '&amp;', '&nbsp;']
const boxes = [
  ...['<p>', '</p>', '<div>', '</div>', '<section>', '</section>', '<blockquote>', '</blockquote>', '<pre>'],
  ...[
    '</pre>',
    '<ul>',
    '<ol>',
    '<li>',
    '</li>',
    '</ul>',
    '</ol>',
    '<dl>',
    '<dt>',
    '<dd>',
    '</dl>',
    '<hr>',
    '<br>',
  ],
  ...['</br>', '<h1>', '</h1>', '<h2>', '</h2>', '<span>', '</span>', '<a href=/1>', '</a>', '<!-- c -->'],
]
const frame = [
  ...['<!doctype html>', '<html>', '<head>', '</head>', '<body>', '</body>', '</html>', '<title>one</title>'],
  ...[
    '<title>two',
    '</title>',
    '<meta name=a content=b>',
    '<link rel=a href=b>',
    '<script>a<b</script>',
    '<style>c',
  ],
  ...['</style>', '<base href=/b/>', '<template>', '</template>', '<a href=2>', '</a>', '<p>', ...words],
]
const raw = [
  ...[
    '<script>',
    '</script>',
    '<!--',
    '-->',
    '--!>',
    '<!-->',
    '<style>',
    '</style>',
    '<textarea>',
    '</textarea>',
  ],
  ...[
    '<xmp>',
    '</xmp>',
    '<plaintext>',
    '<noembed>',
    '</noembed>',
    '<iframe src=/i>',
    '</iframe>',
    '<![CDATA[',
    ']]>',
  ],
  ...['<?x ?>', '<!x>', '</ x>', '<script', '>', '<p>', '<a href=/r>', '</a>', ...words],
]
const foreign = [
  ...[
    '<svg>',
    '</svg>',
    '<math>',
    '</math>',
    '<title>',
    '</title>',
    '<path/>',
    '<g>',
    '</g>',
    '<foreignObject>',
  ],
  ...[
    '</foreignObject>',
    '<desc>',
    '</desc>',
    '<mi>',
    '<style>',
    '</style>',
    '<![CDATA[x]]>',
    '<a xlink:href=/x>',
  ],
  ...['</a>', '<p>', '</p>', '<b>', '<br>', ...words],
]
const forms = [
  ...[
    '<form>',
    '</form>',
    '<option>',
    '</option>',
    '<optgroup>',
    '<input>',
    '<button>',
    '</button>',
    '<textarea>',
  ],
  ...[
    '</textarea>',
    '<label>',
    '</label>',
    '<fieldset>',
    '</fieldset>',
    '<p>',
    '</p>',
    '<div>',
    '</div>',
    ...words,
  ],
]
const formatting = [
  ...[
    '<b>',
    '</b>',
    '<i>',
    '</i>',
    '<a href=/a>',
    '<a href=/b>',
    '</a>',
    '<font>',
    '</font>',
    '<nobr>',
    '</nobr>',
  ],
  ...['<object>', '</object>', '<p>', '</p>', '<div>', '</div>', '<li>', ...words],
]
const tables = [
  ...[
    '<table>',
    '</table>',
    '<tr>',
    '</tr>',
    '<td>',
    '</td>',
    '<th>',
    '<tbody>',
    '</tbody>',
    '<thead>',
    '<caption>',
  ],
  ...['</caption>', '<colgroup>', '<col>', '<p>', '</p>', '<a href=/t>', '</a>', '<div>', '</div>', ...words],
]

const pageOf = (pieces: readonly string[]) =>
  fc.array(fc.constantFrom(...pieces), { maxLength: 16 }).map((all) => all.join(''))

test.each([
  ['boxes', [...boxes, ...words]],
  ['heads and bodies', [...frame, ...boxes]],
  ['raw text', raw],
  ['raw text and boxes', [...raw, ...boxes]],
  ['svg and mathematics', foreign],
  ['svg, boxes and raw text', [...foreign, ...boxes, ...raw]],
  ['forms', [...forms, ...boxes]],
  ['formatting', formatting],
])('pages of %s say the same without a tree', (_, pieces) => {
  fc.assert(
    fc.property(pageOf(pieces), (html) => {
      expect(inOnePass(html)).toEqual(byTree(html))
    }),
    runs,
  )
})

test('pages of tables say the same without a tree, if not in the same order', () => {
  const same = (html: string) => {
    expect(unordered(inOnePass(html))).toEqual(unordered(byTree(html)))
  }
  fc.assert(fc.property(pageOf(tables), same), runs)
})

test.each([
  ['boxes', [...boxes, ...words]],
  ['heads and bodies', frame],
  ['raw text', raw],
])('the plain tree of pages of %s is the one of the standard', (_, pieces) => {
  const same = (html: string) => {
    expect(parseMarkup(html, 'text/html').html()).toBe(parseMarkup(html, 'text/html', 'standard').html())
  }
  fc.assert(fc.property(pageOf(withoutLinks(pieces)), same), runs)
})

/** Links are formatting: in the standard's tree one that is left open begins again in each box. */
const withoutLinks = (pieces: readonly string[]) => pieces.filter((piece) => !/^<\/?a\b/.test(piece))
