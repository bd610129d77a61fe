import { all, fact, ruled } from './robots-facts.ts'

export const precedence = [
  ruled('the longest path decides', ['disallow: /x/page.html', 'allow: /x/'], {
    yes: ['/x/other'],
    no: ['/x/page.html'],
  }),
  ruled('the longest path decides, whatever the order', ['allow: /x/page.html', 'disallow: /x/'], {
    yes: ['/x/page.html'],
    no: ['/x/'],
  }),
  ruled('of two as long the one that allows', ['disallow: /x/page.html', 'allow: /x/page.html'], {
    yes: ['/x/page.html'],
  }),
  ruled('everything both ways is allowed', ['disallow: /', 'allow: /'], { yes: ['/x/page.html'] }),
  ruled('two empty rules', ['disallow:', 'allow:'], { yes: ['/x/page.html'] }),
  ruled('an empty Allow outweighs nothing', ['disallow: /', 'allow:'], { no: ['/x'] }),
  ruled('a slash more', ['disallow: /x', 'allow: /x/'], { yes: ['/x/'], no: ['/x'] }),
  ruled('stars count as one', ['allow: /page', 'disallow: /*.html'], { yes: ['/page'], no: ['/page.html'] }),
  ruled('a longer path outweighs stars', ['allow: /x/page.', 'disallow: /*.html'], {
    yes: ['/x/page.html'],
    no: ['/x/y.html'],
  }),
  ruled('the start page alone', ['allow: /$', 'disallow: /'], { yes: ['/'], no: ['/page.html'] }),
  ruled('paths in upper case are others', ['disallow: /X/'], { yes: ['/x/y'], no: ['/X/y'] }),
  ruled('robots.txt itself is always allowed', ['disallow: /'], {
    yes: ['/robots.txt'],
    no: ['/robots.txt.html'],
  }),
  fact({
    title: 'an index.html that is allowed allows its folder',
    file: all('Allow: /allowed-slash/index.html', 'Disallow: /'),
    yes: ['/allowed-slash/', '/allowed-slash/index.html'],
    no: ['/allowed-slash/index.htm', '/anyother-url'],
  }),
  fact({
    title: 'an index.html that is disallowed leaves its folder',
    file: all('Disallow: /a/index.html'),
    yes: ['/a/'],
    no: ['/a/index.html'],
  }),
]

export const escapes = [
  ruled('a URL in a query', ['Disallow: /', 'Allow: /foo/bar?qux=taz&baz=http://foo.bar?tar&par'], {
    yes: ['/foo/bar?qux=taz&baz=http://foo.bar?tar&par'],
  }),
  ruled('the RFC’s table: a plain query', ['Disallow: /foo/bar?baz=quz'], { no: ['/foo/bar?baz=quz'] }),
  ruled('the RFC’s table: a URL in a query, escaped or not', ['Disallow: /foo/bar?baz=https://foo.bar'], {
    no: ['/foo/bar?baz=https://foo.bar', '/foo/bar?baz=https%3A%2F%2Ffoo.bar'],
  }),
  ruled('the same with the rule escaped', ['Disallow: /foo/bar?baz=https%3A%2F%2Ffoo.bar'], {
    no: ['/foo/bar?baz=https://foo.bar', '/foo/bar?baz=https%3A%2F%2Ffoo.bar'],
  }),
  ruled('the RFC’s table: three bytes of UTF-8', ['Disallow: /', 'Allow: /foo/bar/ツ'], {
    yes: ['/foo/bar/%E3%83%84', '/foo/bar/ツ'],
  }),
  ruled('the RFC’s table: the same, escaped', ['Disallow: /', 'Allow: /foo/bar/%E3%83%84'], {
    yes: ['/foo/bar/%E3%83%84', '/foo/bar/ツ'],
  }),
  ruled('the RFC’s table: letters that are escaped', ['Disallow: /', 'Allow: /foo/bar/%62%61%7A'], {
    yes: ['/foo/bar/baz', '/foo/bar/%62%61%7A'],
  }),
  ruled('escapes in lower case', ['Disallow: /%e3%83%84'], { no: ['/%E3%83%84', '/%e3%83%84'] }),
  ruled('a slash that is escaped is no slash', ['Disallow: /a%2Fb'], { yes: ['/a/b'], no: ['/a%2fb'] }),
  ruled('a slash is none that is escaped', ['Disallow: /a/b'], { yes: ['/a%2Fb'], no: ['/a/b'] }),
  ruled('a tilde', ['Disallow: /%7Ejim', 'Disallow: /~joe'], { no: ['/~jim', '/%7ejoe'] }),
  ruled('signs that a URL cannot hold', ['Disallow: /a%3cd.html', 'Disallow: /b<d.html', 'Disallow: /c d'], {
    no: ['/a<d.html', '/b%3Cd.html', '/c%20d'],
  }),
  fact({
    title: 'a byte that is no UTF-8',
    file: Buffer.from('user-agent: FooBot\ndisallow: /\xe9\n', 'latin1'),
    yes: ['/é'],
    no: ['/%E9'],
  }),
  ruled('the parts of a URL that are sent', ['Disallow: /path;params?query'], {
    no: ['http://foo.bar:10/path;params?query#fragment'],
  }),
  ruled('a query alone', ['Disallow: /?'], { yes: ['/'], no: ['/?query', '/?'] }),
  ruled('an empty query is one', ['Disallow: /*?'], { yes: ['/a'], no: ['/a?', '/a?b'] }),
  ruled('parts behind a semicolon', ['Disallow: /;'], { yes: ['/'], no: ['/;params'] }),
]

const fish = [
  '/fish',
  '/fish.html',
  '/fish/salmon.html',
  '/fishheads',
  '/fishheads/yummy.html',
  '/fish.html?id=anything',
]
const noFish = ['/bar', '/Fish.asp', '/catfish', '/?id=fish']
export const special = [
  ruled('a star within', ['Disallow: /foo/bar/quz', 'Allow: /foo/*/qux'], {
    yes: ['/foo/quz', '/foo//quz', '/foo/bax/quz'],
    no: ['/foo/bar/quz'],
  }),
  ruled('a dollar at the end', ['Disallow: /foo/bar$', 'Allow: /foo/bar/qux'], {
    yes: ['/foo/bar/qux', '/foo/bar/', '/foo/bar/baz'],
    no: ['/foo/bar'],
  }),
  ruled('a dollar within is a dollar', ['disallow: /x$/abc', 'disallow: /y*y/abc$'], {
    yes: ['/yabcy/abcdef'],
    no: ['/x$/abcdef', '/x%24/abcdef', '/yabcy/abc'],
  }),
  ruled('a star that is escaped is a star', ['Disallow: /path/file-with-a-%2A.html'], {
    yes: ['/path/file-with-a-b.html'],
    no: ['/path/file-with-a-*.html', '/path/file-with-a-%2a.html'],
  }),
  ruled('a dollar that is escaped is a dollar', ['Disallow: /path/foo-%24'], {
    yes: ['/path/foo-'],
    no: ['/path/foo-$', '/path/foo-$a'],
  }),
  ruled('/fish', ['disallow: /', 'allow: /fish'], { yes: fish, no: noFish }),
  ruled('/fish*', ['disallow: /', 'allow: /fish*'], { yes: fish, no: noFish }),
  ruled('/fish/', ['disallow: /', 'allow: /fish/'], {
    yes: ['/fish/', '/fish/salmon', '/fish/?salmon', '/fish/salmon.html', '/fish/?id=anything'],
    no: ['/bar', '/fish', '/fish.html', '/Fish/Salmon.html'],
  }),
  ruled('/*.php', ['disallow: /', 'allow: /*.php'], {
    yes: [
      '/filename.php',
      '/folder/filename.php',
      '/folder/filename.php?parameters',
      '//folder/any.php.file.html',
      '/filename.php/',
      '/index?f=filename.php/',
    ],
    no: ['/bar', '/php/', '/index?php', '/windows.PHP'],
  }),
  ruled('/*.php$', ['disallow: /', 'allow: /*.php$'], {
    yes: ['/filename.php', '/folder/filename.php'],
    no: [
      '/bar',
      '/filename.php?parameters',
      '/filename.php/',
      '/filename.php5',
      '/php/',
      '/filename?php',
      '/aaaphpaaa',
      '//windows.PHP',
    ],
  }),
  ruled('/fish*.php', ['disallow: /', 'allow: /fish*.php'], {
    yes: ['/fish.php', '/fishheads/catfish.php?parameters'],
    no: ['/bar', '/Fish.PHP'],
  }),
  ruled('a star at the beginning', ['disallow: /', 'allow: ****/cats', 'allow: */kangaroos'], {
    yes: [
      '/cats.html',
      '/get/more/cats/page.html',
      '/kangaroosandkoalas/page.html',
      '/heaps/of/kangaroos/page.html',
    ],
    no: ['/kangaroo/zebra/cat/page.html'],
  }),
  ruled('stars several times', ['disallow: /this-*-is-a-*-test'], {
    yes: ['/this-test-is-a-mislead'],
    no: ['/this-test-is-a-simple-test', '/this-test-is-another-test-is-a-tricky-test'],
  }),
  ruled('a star and an end that overlap', ['disallow: /a*a$', 'disallow: /b/*ab*b$'], {
    yes: ['/a', '/b/ab'],
    no: ['/aa', '/aba', '/b/abb', '/b/aabxb'],
  }),
  ruled('a star alone', ['disallow: *'], { no: ['/', '/x'] }),
  ruled('a star in a query', ['disallow: /*s='], { yes: ['/', '/s/'], no: ['/?s=asd'] }),
  ruled('two slashes', ['disallow: //folder/*'], {
    yes: ['/folder/page', '//folder'],
    no: ['//folder/page'],
  }),
  ruled('a path that begins with no slash fits nothing', ['disallow: x', 'disallow: http://foo.bar/z'], {
    yes: ['/x', '/z'],
  }),
  ruled('a rule that is a regular expression for others', ['disallow: /a.b', 'disallow: /c+(d|e)[f]'], {
    yes: ['/axb', '/ccdf'],
    no: ['/a.b', '/c+(d|e)[f]'],
  }),
]
