import { load } from 'cheerio'
import { expect, test } from 'vitest'
import { readContent } from '../../src/source/content.ts'
import { parseMarkup } from '../../src/source/markup.ts'

test('blocks become lines and white space collapses', () => {
  const html = `<body><h1>One</h1><p>two <b>three</b>\n four<br>five</p><ul><li>six<li>seven</ul>eight`
  expect(readContent(load(html)).text).toBe('One\ntwo three four\nfive\nsix\nseven\neight')
})

test('headings come in order, on one line each', () => {
  const html = `<body><h2> A <i>b</i><br>c </h2><section><h1>d</h1></section><h3></h3>`
  expect(readContent(load(html)).headings).toEqual([
    { level: 2, text: 'A b c' },
    { level: 1, text: 'd' },
    { level: 3, text: '' },
  ])
})

test('what nobody reads is left out', () => {
  const html = `<body>a<script>b</script><style>c</style><template>d</template><svg><title>e</title></svg><!--f-->g`
  expect(readContent(load(html)).text).toBe('ag')
})

test.each([
  ['left open', '<div>'.repeat(100_000)],
  ['closed by the wrong name', '<div></x>'.repeat(100_000)],
  ['closed in the end', `${'<section>'.repeat(100_000)}<p>deep</p>${'</section>'.repeat(100_000)}`],
  ['hidden behind a comment', `<!-->${'<div>'.repeat(100_000)}`],
  ['in a page of comments', `${'<!-- '.repeat(100_000)}--><p>deep`],
  ['headings', '<h1><b>'.repeat(100_000)],
])('a page of a hundred thousand nested elements, %s, is read in a few seconds', (_, html) => {
  const started = performance.now()
  expect(readContent(parseMarkup(`${html}<p>deep`, 'text/html')).text).toContain('deep')
  expect(performance.now() - started).toBeLessThan(5_000) // unbounded nesting takes half a minute and more
})

test.each([
  ['end tags left out', '<table><tr><td>a<td>b<br><img src=x><p>c<ul><li>d<li>e</ul></table>'],
  ['many icons', '<svg viewBox="0 0 1 1"><path d="M0 0"/><use href="#a"/></svg>'],
  [
    'markup in scripts',
    '<script>x("<div><section>")</script><style>/*<div>*/</style><textarea><div></textarea>',
  ],
  ['markup in comments', '<!-- <div> -->'],
  ['more end tags than start tags', '<div></div></div></section>'],
  ['formatting that ends in the wrong order', '<b><i>a</b>b</i><p><a href=x>c<a href=y>d</a></p>'],
  ['text that a table throws out', '<table>x<b>y</b><tr><td>z</table>'],
  ['attributes of other namespaces', '<svg xlink:href="#a" xml:lang=en a=1><path/></svg>'],
])('a long page with %s stays as it is', (_, piece) => {
  const html = `<body>${piece.repeat(2_000)}`
  expect(parseMarkup(html, 'text/html', 'standard').html()).toBe(load(html).html())
})

test('what lies too deep loses its tags and keeps its text', () => {
  const html = `${'<div>'.repeat(600)}<b>deep</b>${'</div>'.repeat(600)}<a href=/next>next</a>`
  const $ = parseMarkup(html, 'text/html', 'standard')
  expect($('div')).toHaveLength(512)
  expect(readContent($).text).toBe('deep\nnext')
  expect($('body > a').attr('href')).toBe('/next')
})
