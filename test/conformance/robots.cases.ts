import { type Allowed, type Asked, all, fact, foo, ruled } from './robots-facts.ts'
import { escapes, precedence, special } from './robots-paths.ts'
import type { Standard } from './standard.ts'

const utf16 = (text: string, isLittle: boolean) => {
  const bytes = Buffer.from(text, 'utf16le')
  return isLittle ? bytes : bytes.swap16()
}
const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))))

/** The RFC's own example, 5.1. */
const simple = `User-Agent: *
Disallow: *.gif$
Disallow: /example/
Allow: /publications/

User-Agent: foobot
Disallow:/
Allow:/example/page.html
Allow:/example/allowed.gif

User-Agent: barbot
User-Agent: bazbot
Disallow: /example/page.html

User-Agent: quxbot

EOF`
const groups = `allow: /foo/bar/

user-agent: FooBot
disallow: /
allow: /x/
user-agent: BarBot
disallow: /
allow: /y/


allow: /w/
user-agent: BazBot

user-agent: FooBot
allow: /z/
disallow: /
`
/** The draft of 1996, which the older parsers share as a test. */
const fict = `# /robots.txt for http://www.fict.org/
# comments to webmaster@fict.org

User-agent: unhipbot
Disallow: /

User-agent: webcrawler
User-agent: excite
Disallow:

User-agent: *
Disallow: /org/plans.html
Allow: /org/
Allow: /serv
Allow: /~mak
Disallow: /
`
const longAfter = (key: string) => `/x/${'a'.repeat(2_083 * 8 - '/x/'.length - key.length)}`
const long = longAfter('disallow: ')
const longAllowed = longAfter('allow: ')

const syntax = [
  fact({ title: 'an empty file', file: '', yes: ['/'] }),
  ruled('key, colon, value', ['disallow: /'], { no: ['/x/y'] }),
  fact({ title: 'keys that nobody knows', file: 'foo: FooBot\nbar: /\n', yes: ['/x/y'] }),
  fact({ title: 'a colon that is missing', file: 'user-agent FooBot\ndisallow /\n', no: ['/x/y'] }),
  ruled('three words without a colon are no rule', ['disallow /a /b'], { yes: ['/a', '/b'] }),
  fact({
    title: 'no space behind the colon, and some before it',
    file: 'User-agent:FooBot\nDisallow :/x',
    yes: ['/y'],
    no: ['/x'],
  }),
  fact({
    title: 'white space around everything',
    file: ' \t User-agent:\t FooBot \t\n\tDisallow:   /x  \n',
    yes: ['/y'],
    no: ['/x'],
  }),
  ...['USER-AGENT: FooBot\nALLOW: /x/\nDISALLOW: /', 'uSeR-aGeNt: FooBot\nAlLoW: /x/\ndIsAlLoW: /'].map(
    (file, n) => fact({ title: `keys in any case, ${n + 1}`, file, yes: ['/x/y'], no: ['/a/b'] }),
  ),
  ...['dissallow', 'dissalow', 'disalow', 'diasllow', 'disallaw', 'disallowed'].map((key) =>
    ruled(`"${key}" for disallow`, [`${key}: /x`], { yes: ['/y'], no: ['/x'] }),
  ),
  fact({ title: '"useragent" for user-agent', file: 'useragent: FooBot\ndisallow: /', no: ['/x'] }),
  fact({ title: '"user agent" for user-agent', file: 'user agent: FooBot\ndisallow: /', no: ['/x'] }),
  ruled('"alow" is nothing', ['disallow: /', 'alow: /x'], { no: ['/x'] }),
  ruled('a comment behind a rule', ['# Disallow: /', 'Disallow: /foo/quz#qux', 'Allow: /'], {
    yes: ['/foo/bar'],
    no: ['/foo/quz'],
  }),
  fact({
    title: 'a comment behind a name',
    file: 'User-Agent: *  # all of them\nDisallow: /',
    no: ['/path'],
  }),
  fact({
    title: 'a comment between names',
    file: 'User-agent: one\n# two follows\nUser-agent: FooBot\nDisallow: /x',
    yes: ['/y'],
    no: ['/x'],
  }),
  ...[
    ['line feeds', '\n'],
    ['carriage returns and line feeds', '\r\n'],
    ['carriage returns', '\r'],
  ].map(([name, end]) =>
    fact({
      title: `lines that end in ${name}`,
      file: ['User-Agent: foo', 'Allow: /some/path', 'User-Agent: FooBot', '', '', 'Disallow: /'].join(end),
      no: ['/some/path'],
    }),
  ),
  fact({
    title: 'a byte order mark',
    file: bytes([0xef, 0xbb, 0xbf], foo('disallow: /x')),
    yes: ['/y'],
    no: ['/x'],
  }),
  fact({
    title: 'two bytes of a mark',
    file: bytes([0xef, 0xbb], foo('disallow: /x')),
    yes: ['/y'],
    no: ['/x'],
  }),
  fact({ title: 'one byte of a mark', file: bytes([0xef], foo('disallow: /x')), yes: ['/y'], no: ['/x'] }),
  fact({
    title: 'a broken mark costs its line',
    file: bytes([0xef, 0x11, 0xbf], foo('disallow: /x')),
    yes: ['/x'],
  }),
  fact({
    title: 'a mark in the middle costs its line',
    file: bytes('user-agent: FooBot\n', [0xef, 0xbb, 0xbf], 'disallow: /x'),
    yes: ['/x'],
  }),
  fact({
    title: 'UTF-16, little end first, with a mark',
    file: utf16(`\ufeff${foo('disallow: /é')}`, true),
    yes: ['/e'],
    no: ['/%C3%A9'],
  }),
  fact({
    title: 'UTF-16, big end first, with a mark',
    file: utf16(`\ufeff${foo('disallow: /x')}`, false),
    yes: ['/y'],
    no: ['/x'],
  }),
  fact({ title: 'UTF-16 without a mark', file: utf16(foo('disallow: /x'), true), yes: ['/y'], no: ['/x'] }),
  ruled('a line is cut after 8 · 2,083 bytes', [`disallow: ${long}/qux`], {
    yes: ['/fux'],
    no: [`${long}/fux`],
  }),
  ruled('a line that is cut still allows', ['disallow: /', `allow: ${longAllowed}/qux`], {
    yes: [`${longAllowed}/qux`, `${longAllowed}/fux`],
    no: ['/'],
  }),
  ruled('zeros', ['disallow: /x\0y', '\0\0\0', 'disallow: /z'], { yes: ['/y'], no: ['/xa', '/z'] }),
  fact({
    title: 'HTML in its place, even with rules in it',
    file: `<!DOCTYPE html><html><body><pre>\n${foo('disallow: /')}\n</pre></body></html>`,
    yes: ['/x'],
  }),
  fact({ title: 'JSON in its place', file: '{\n  "User-agent": "*",\n  "Disallow": "/"\n}', yes: ['/x'] }),
  fact({
    title: 'an image in its place',
    file: bytes([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d]),
    yes: ['/x'],
  }),
]

const names = [
  fact({
    title: 'a group holds for its name',
    file: groups,
    yes: ['/x/b', '/z/d'],
    no: ['/y/c', '/foo/bar/'],
  }),
  fact({
    title: 'a group goes on behind empty lines',
    file: groups,
    agent: 'BarBot',
    yes: ['/y/c', '/w/a'],
    no: ['/z/d', '/foo/bar/'],
  }),
  fact({
    title: 'names in a row share a group',
    file: groups,
    agent: 'BazBot',
    yes: ['/z/d'],
    no: ['/foo/bar/'],
  }),
  fact({
    title: 'a Sitemap line between names ends no group',
    file: 'User-agent: BarBot\nSitemap: https://foo.bar/sitemap\nUser-agent: *\nDisallow: /',
    agent: 'BarBot',
    no: ['/'],
  }),
  fact({
    title: 'a Sitemap line between names ends no group for the others',
    file: 'User-agent: BarBot\nSitemap: https://foo.bar/sitemap\nUser-agent: *\nDisallow: /',
    no: ['/'],
  }),
  fact({
    title: 'an unknown line between names ends no group',
    file: 'User-agent: FooBot\nInvalid-Unknown-Line: unknown\nUser-agent: *\nDisallow: /',
    no: ['/'],
  }),
  fact({
    title: 'a Crawl-delay between names ends no group',
    file: 'User-agent: FooBot\nCrawl-delay: 5\nUser-agent: BarBot\nDisallow: /',
    no: ['/'],
  }),
  fact({
    title: 'an empty Disallow ends a group',
    file: 'User-agent: FooBot\nDisallow:\nUser-agent: *\nDisallow: /',
    yes: ['/'],
  }),
  fact({
    title: 'groups of one name are one',
    file: 'User-agent: FooBot\nDisallow: /a\n\nUser-agent: x\nDisallow: /x\n\nUser-agent: foobot\nDisallow: /b',
    yes: ['/x'],
    no: ['/a', '/b'],
  }),
  fact({
    title: 'groups for all are one, too',
    file: `${all('Disallow: /a')}\n\n${all('Disallow: /b')}`,
    yes: ['/c'],
    no: ['/a', '/b'],
  }),
  fact({
    title: 'rules before the first name hold for nobody',
    file: 'Disallow: /a\nUser-agent: *\nDisallow: /b',
    yes: ['/a'],
    no: ['/b'],
  }),
  ...['FOO BAR', 'foo bar', 'FoO bAr'].map((name) =>
    fact({
      title: `the name "${name}" counts up to its space, in any case`,
      file: `User-Agent: ${name}\nAllow: /x/\nDisallow: /`,
      agent: 'foo',
      yes: ['/x/y'],
      no: ['/a/b'],
    }),
  ),
  fact({ title: 'a name with a version', file: 'User-agent: FooBot/2.1\nDisallow: /', no: ['/x'] }),
  fact({
    title: 'a name that only begins alike is another one',
    file: 'User-agent: FooBot-Images\nDisallow: /',
    yes: ['/x'],
  }),
  fact({ title: 'a shorter name is another one', file: 'User-agent: Foo\nDisallow: /', yes: ['/x'] }),
  fact({
    title: 'the group for all is for those without one',
    file: `${all('allow: /')}\n${foo('disallow: /')}`,
    no: ['/x/y'],
  }),
  fact({
    title: 'a group of our own makes the one for all void',
    file: `${all('Disallow: /x/')}\n${foo('Disallow: /y/')}`,
    yes: ['/x/page'],
    no: ['/y/page'],
  }),
  fact({
    title: 'an empty group of our own makes it void, too',
    file: `${all('Disallow: /')}\n${foo()}`,
    yes: ['/x'],
  }),
  fact({
    title: 'where only others are named everything is allowed',
    file: foo('disallow: /'),
    agent: 'QuxBot',
    yes: ['/x/y'],
  }),
  fact({
    title: 'a star with words behind it is for all',
    file: 'User-agent: * and everybody\nDisallow: /x',
    yes: ['/y'],
    no: ['/x'],
  }),
  fact({
    title: 'a star with letters right behind it is for nobody',
    file: 'User-agent: *bot\nDisallow: /x',
    yes: ['/x'],
  }),
  fact({
    title: 'the RFC’s file, for a crawler without a group',
    file: simple,
    agent: 'other',
    yes: ['/publications/a.html', '/x'],
    no: ['/example/page.html', '/a.gif'],
  }),
  fact({
    title: 'the RFC’s file, for foobot',
    file: simple,
    agent: 'foobot',
    yes: ['/example/page.html', '/example/allowed.gif'],
    no: ['/', '/example/other.html', '/publications/'],
  }),
  fact({
    title: 'the RFC’s file, for barbot',
    file: simple,
    agent: 'barbot',
    yes: ['/a.gif', '/publications/'],
    no: ['/example/page.html'],
  }),
  fact({
    title: 'the RFC’s file, for bazbot',
    file: simple,
    agent: 'bazbot',
    yes: ['/a.gif'],
    no: ['/example/page.html'],
  }),
  fact({
    title: 'the RFC’s file, for quxbot',
    file: simple,
    agent: 'quxbot',
    yes: ['/example/page.html', '/a.gif'],
  }),
  fact({
    title: 'the draft’s file, for unhipbot',
    file: fict,
    agent: 'unhipbot',
    yes: ['/robots.txt'],
    no: ['/', '/index.html', '/orgo.gif', '/%7Emak/mak.html'],
  }),
  fact({
    title: 'the draft’s file, for webcrawler',
    file: fict,
    agent: 'webcrawler',
    yes: ['/', '/index.html', '/robots.txt', '/org/plans.html'],
  }),
  fact({
    title: 'the draft’s file, for all others',
    file: fict,
    agent: 'anything',
    yes: ['/robots.txt', '/server.html', '/services/fast.html', '/org/about.html', '/%7Emak/mak.html'],
    no: ['/', '/index.html', '/orgo.gif', '/org/plans.html', '/%7Ejim/jim.html'],
  }),
]

export const standard: Standard<Asked, Allowed> = {
  name: 'RFC 9309',
  about: 'robots.txt: lines, groups, precedence, escapes and wildcards',
  source:
    'the RFC’s examples; facts of the tests of google/robotstxt (Apache-2.0), scrapy/protego (BSD-3-Clause) and seomoz/rep-cpp (MIT)',
  cases: [
    ...syntax,
    ...names,
    ...precedence,
    ...escapes,
    ...special,
    fact({
      title: 'Google: a letter that is escaped in a rule is not undone',
      file: foo('Disallow: /', 'Allow: /foo/bar/%62%61%7A'),
      yes: [],
      no: ['/foo/bar/baz'],
      ours: ['/foo/bar/baz'],
      why: 'RFC 9309, 2.2.2 undoes it before comparing',
    }),
    fact({
      title: 'rep-cpp: rules before the first name hold for everybody',
      file: 'Disallow: /path\nAllow: /path/exception\n',
      yes: ['/path/exception'],
      no: ['/path'],
      ours: ['/path/exception', '/path'],
      why: 'the RFC and Google read no rule outside of a group',
    }),
    fact({
      title: 'protego and rep-cpp: an unknown line ends the names before it',
      file: 'User-agent: *\nNoindex: /gb.html\nUser-agent: ia_archiver\nDisallow: /\n',
      yes: ['/foo'],
      ours: [],
      why: 'by the RFC other lines must not touch the groups, and for Google the names are one group',
    }),
    fact({
      title: 'protego: a dollar at the end is a dollar, too',
      file: foo('disallow: /x/abc$'),
      no: ['/x/abc$'],
      ours: ['/x/abc$'],
      why: 'by the RFC a dollar is written %24',
    }),
  ],
}
