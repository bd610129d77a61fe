import type { Case, Standard } from './standard.ts'

export interface Page {
  readonly html: string
  readonly ask: 'title' | 'text' | 'headings' | 'links' | 'canonical' | 'language'
  /** Default `text/html`. */
  readonly type?: string
}

/** Its URL. */
export const at = 'https://a.example/dir/page?x=1'

type Answer = string | readonly string[] | undefined

const text = (title: string, html: string, expected: string): Case<Page, Answer> => {
  return { title, input: { html, ask: 'text' }, expected }
}
const titled = (title: string, html: string, expected: string): Case<Page, Answer> => {
  return { title, input: { html, ask: 'title' }, expected }
}
/** Paths on the page's host, or whole URLs elsewhere. */
const links = (title: string, html: string, expected: readonly string[]): Case<Page, Answer> => {
  return { title, input: { html, ask: 'links' }, expected }
}
const xhtml = ({ input, ...rest }: Case<Page, Answer>): Case<Page, Answer> => {
  return { ...rest, input: { ...input, type: 'application/xhtml+xml' } }
}

/** What a browser without scripts makes of a page: where it leads to, and what a person reads. */
export const standard: Standard<Page, Answer> = {
  name: 'HTML, 13.2.6',
  about: 'what broken pages say and where they lead: implied ends, raw text, foreign content, base, refresh',
  source: 'own cases by the standard, each as Chromium shows it or as parse5 has it',
  cases: [
    text('paragraphs without ends', '<p>one<p>two<div>three</div>four', 'one\ntwo\nthree\nfour'),
    text(
      'list items without ends',
      '<ul><li>one<li>two<ul><li>three</ul><li>four</ul>',
      'one\ntwo\nthree\nfour',
    ),
    text('options without ends', '<select><option>one<option>two</select>', 'one\ntwo'),
    text('terms without ends', '<dl><dt>one<dd>two<dt>three</dl>', 'one\ntwo\nthree'),
    text('cells and rows without ends', '<table><tr><td>1<td>2<tr><td>3</table>4', '1\n2\n3\n4'),
    text('end tags of nothing', '</div>one</p></span></br>two', 'one\ntwo'),
    text('inline elements do not part words', 'un<b>break</b>able<span> </span>text', 'unbreakable text'),
    text('a line break parts words', 'one<br>two<BR/>three', 'one\ntwo\nthree'),
    text('white space collapses, the blank that does not break too', ' a \n\t b&nbsp;&nbsp;c ', 'a b c'),
    text('lines of pre stay lines', '<pre>\none\n  two</pre>', 'one\ntwo'),
    text('character references', '&lt;a&gt; &eacute;&#233;&#xe9; &AMP;copy', '<a> ééé &copy'),
    text('references without semicolon', '&copy 2026 &notit; &unknown;', '© 2026 ¬it; &unknown;'),
    text('references of Windows characters', '&#150;&#x80;&#0;', '–€\uFFFD'),
    text('scripts and styles', 'a<script>b</script><style>c</style>d', 'ad'),
    text('a script that writes another', '<script><!-- "<script>x</script>" --></script>end', 'end'),
    text('a script whose comment is left open', '<script><!-- x</script>end', 'end'),
    text('a script that ends with blanks', '<script>x</script\n>end', 'end'),
    text('what only looks like the end of a script', '<script>x</scripts>y</script>end', 'end'),
    text('tags in a comment', 'a<!-- <p>b</p> -->c', 'ac'),
    text('a comment that ends at once', 'a<!-->b<!--->c', 'abc'),
    text('a comment that ends with a bang', 'a<!-- b --!>c', 'ac'),
    text('a comment that never ends', 'a<!-- <p>b', 'a'),
    text('an instruction is a comment', 'a<?php echo "x" ?>b', 'ab'),
    text('CDATA outside of SVG is a comment up to its first bracket', 'a<![CDATA[ b>c ]]>d', 'ac ]]>d'),
    text('a tag that ends with the page', 'one<p class="two', 'one'),
    text('a bracket that is no tag', '1 < 2 <3', '1 < 2 <3'),
    text('text areas hold text', '<textarea>\n<b>x</b></textarea>', '<b>x</b>'),
    text('xmp holds text', '<xmp><b>x</b></xmp>', '<b>x</b>'),
    text('plaintext never ends', 'a<plaintext></plaintext>b', 'a\n</plaintext>b'),
    text('templates are not shown', 'a<template>b<p>c</template>d', 'ad'),
    text('a template that is shown', '<div><template shadowrootmode=open>a</template></div>b', 'a\nb'),
    text(
      'what browsers show instead of frames',
      'a<noembed>b</noembed><noframes>c</noframes><iframe>d</iframe>',
      'a',
    ),
    text('an svg that is left open', '<svg><path d="M0"><p>text', 'text'),
    text('a title of an svg', '<svg><title>icon</title></svg>text', 'text'),
    text('headings end each other', '<h1>one<h2>two</h1>three', 'one\ntwo\nthree'),
    text('NUL', 'a\0b', 'ab'),
    text('lines that end as on Windows', '<pre>a\r\nb\rc</pre>', 'a\nb\nc'),
    text('a page without head and body', '<title>x</title>text', 'text'),
    text('content behind the end of the page', '<body>a</body></html>b', 'ab'),
    text('a second body', '<body>a<body>b', 'ab'),
    {
      ...text('noscript, as a browser without scripts', 'a<noscript>b</noscript>c', 'abc'),
      differs: { ours: 'ac', why: 'people read pages with scripts; the links of noscript count' },
    },
    text('what a table has no place for', '<table>a<tr><td>b</table>', 'a\nb'),
    {
      ...text('rows without a table', '<tr><td>a</td><td>b</td></tr>', 'ab'),
      differs: { ours: 'a\nb', why: 'what scripts load into a table has rows without one' },
    },
    text('elements of nothing that is shown', '<video>a</video><canvas>b</canvas><audio>c</audio>d', 'd'),

    titled('a title', '<title> The\n <b>title</b> &amp; more </title>', 'The <b>title</b> & more'),
    titled('several titles', '<title>one</title><title>two</title>', 'one'),
    titled('a title in the body', '<body><p>a</p><title>late</title>', 'late'),
    titled('only that of an svg', '<svg><title>icon</title></svg>', ''),
    titled('one after that of an svg', '<svg><title>icon</title></svg><title>page</title>', 'page'),
    titled('in a template', '<template><title>no</title></template>', ''),
    titled('one that is left open', '<title>all of <p>it', 'all of <p>it'),
    titled('an empty one first', '<title></title><title>two</title>', ''),

    links('quotes or none', '<a href="/1">a</a><a href=\'/2\'>b</a><a href=/3>c</a><a href = /4 >d</a>', [
      ...['/1', '/2', '/3', '/4'],
    ]),
    links('names in any case', '<A HREF=/1>a</A>', ['/1']),
    links('of two attributes the first', '<a href=/1 href=/2>a</a>', ['/1']),
    links('references in an attribute', '<a href="/?a=1&amp;b=2&copy=3&lt=4&#x26;c">a</a>', [
      '/?a=1&b=2&copy=3&lt=4&c',
    ]),
    links('a reference without semicolon', '<a href="/?a&ampb=1&amp">a</a>', ['/?a&ampb=1&']),
    links('a reference with semicolon', '<a href="/?a&copy;b">a</a>', ['/?a%C2%A9b']),
    links('blanks, tabs and line ends', '<a href=" /a\n b\tc ">a</a>', ['/a%20bc']),
    links('backslashes', '<a href="\\a\\b">a</a>', ['/a/b']),
    links(
      'what cannot be fetched',
      '<a href="javascript:x()">a</a><a href=mailto:a@b>b</a><a href=tel:1>c</a><a href="data:,x">d</a><a href=/1>e</a>',
      ['/1'],
    ),
    links('places on the page itself', '<a href="#top">a</a><a href=" #">b</a><a name=x>c</a>', []),
    links('nothing at all is the page', '<a href="">a</a>', ['/dir/page?x=1']),
    links('a query alone', '<a href="?y=2">a</a>', ['/dir/page?y=2']),
    links('a scheme alone', '<a href="//b.example/x">a</a>', ['https://b.example/x']),
    links('a base', '<base href="/other/"><a href=1>a</a>', ['/other/1']),
    links('a base behind the link', '<a href=1>a</a><base href="/other/">', ['/other/1']),
    links('a base without href first', '<base target=x><base href="/b/"><base href="/c/"><a href=1>', [
      '/b/1',
    ]),
    links('a base that is no place', '<base href="data:,x"><a href=1>a</a>', ['/dir/1']),
    links('a fragment where there is a base', '<base href="/b/"><a href="#x">a</a>', ['/b/']),
    links('an area', '<map><area href=/1></map>', ['/1']),
    links('frames', '<frameset><frame src=/1><frame src=/2></frameset>', ['/1', '/2']),
    links('an iframe', '<iframe src=/1><a href=/2>b</a></iframe>', ['/1']),
    links('a refresh', '<meta http-equiv=Refresh content="5; url=/1">', ['/1']),
    links('a refresh in quotes', `<meta http-equiv=refresh content="0;URL='/1'; x">`, ['/1']),
    links('a refresh without the word', '<meta http-equiv=refresh content="0, /1">', ['/1']),
    links('a refresh of the page itself', '<meta http-equiv=refresh content="30">', []),
    links('a refresh without a time', '<meta http-equiv=refresh content="url=/1">', []),
    links('the next page', '<link rel="Next" href=/2><link rel=prev href=/0>', ['/2', '/0']),
    links('another language', '<link rel=alternate hreflang=de href=/de>', ['/de']),
    links(
      'style, icon and feed are no pages',
      '<link rel=stylesheet href=/s><link rel="alternate stylesheet" href=/t><link rel=icon href=/i><link rel=alternate type=application/rss+xml href=/f>',
      [],
    ),
    links('in noscript', '<noscript><a href=/1>a</a></noscript>', ['/1']),
    links('in a noscript of the head', '<head><noscript><a href=/1></noscript><link rel=next href=/2>', [
      '/1',
      '/2',
    ]),
    links('in a template', '<template><a href=/1>a</a></template><a href=/2>b</a>', ['/2']),
    links('in a comment', '<!-- <a href=/1>a</a> --><a href=/2>b</a>', ['/2']),
    links('in a script', '<script>"<a href=/1>"</script><a href=/2>b</a>', ['/2']),
    links('in a text area', '<textarea><a href=/1></textarea><a href=/2>b</a>', ['/2']),
    links('in a title', '<title><a href=/1></title><a href=/2>b</a>', ['/2']),
    links('of an svg', '<svg><a href=/1 /><a xlink:href="/2">x</a></svg>', ['/1', '/2']),
    links('an attribute of svg outside of one', '<a xlink:href="/1">x</a>', []),
    links('after a plain text', '<a href=/1>a</a><plaintext><a href=/2>', ['/1']),
    links('a tag that ends with the page', '<a href=/1>a</a><a href="/2', ['/1']),
    links('a tag without its bracket', '<a href=/1 <a href=/2>x</a>', ['/1']),
    links('a slash at the end belongs to the value', '<a href=/1/>x</a>', ['/1/']),
    links('a link in a link', '<a href=/1>x<a href=/2>y</a></a>', ['/1', '/2']),
    links('in a select', '<select><option>x<a href=/1>y</a></select>', ['/1']),
    links('twice', '<a href=/1>a</a><a href="/1#x">b</a><a href=https://A.example:443/1>c</a>', ['/1']),

    {
      title: 'headings',
      input: { html: '<h2>a <i>b</i></h2><h1>c<h3>d', ask: 'headings' },
      expected: ['2 a b', '1 c', '3 d'],
    },
    {
      title: 'the address that a page calls its own',
      input: { html: '<link rel="x CANONICAL" href=/c><link rel=canonical href=/d>', ask: 'canonical' },
      expected: '/c',
    },
    {
      title: 'the language of a page',
      input: { html: '<!doctype html><html lang=pt-BR><p lang=en>x', ask: 'language' },
      expected: 'pt-BR',
    },

    xhtml(
      text(
        'XHTML: elements that end themselves',
        '<html xmlns="http://www.w3.org/1999/xhtml"><body><script src="x"/><p>a</p><title/><p>b</p></body></html>',
        'a\nb',
      ),
    ),
    xhtml(
      links('XHTML: a link that ends itself', '<html><body><a id="x"/><a href="/1"/><p>a</p></body></html>', [
        '/1',
      ]),
    ),
    xhtml(text('XHTML: sections of text', '<html><body><p><![CDATA[a < b]]></p></body></html>', 'a < b')),
    xhtml(
      titled(
        'XHTML: a title',
        '<?xml version="1.0"?><html><head><title>A &amp; B</title></head></html>',
        'A & B',
      ),
    ),
  ],
}
