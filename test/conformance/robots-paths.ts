import { all, fact, foo } from './robots-facts.ts'

export const precedence = [
  fact({
    title: 'the longest path decides',
    file: foo('disallow: /x/page.html', 'allow: /x/'),
    yes: ['/x/other'],
    no: ['/x/page.html'],
  }),
  fact({
    title: 'the longest path decides, whatever the order',
    file: foo('allow: /x/page.html', 'disallow: /x/'),
    yes: ['/x/page.html'],
    no: ['/x/'],
  }),
  fact({
    title: 'of two as long the one that allows',
    file: foo('disallow: /x/page.html', 'allow: /x/page.html'),
    yes: ['/x/page.html'],
  }),
  fact({
    title: 'everything both ways is allowed',
    file: foo('disallow: /', 'allow: /'),
    yes: ['/x/page.html'],
  }),
  fact({ title: 'two empty rules', file: foo('disallow:', 'allow:'), yes: ['/x/page.html'] }),
  fact({ title: 'an empty Allow outweighs nothing', file: foo('disallow: /', 'allow:'), no: ['/x'] }),
  fact({ title: 'a slash more', file: foo('disallow: /x', 'allow: /x/'), yes: ['/x/'], no: ['/x'] }),
  fact({
    title: 'stars count as one',
    file: foo('allow: /page', 'disallow: /*.html'),
    yes: ['/page'],
    no: ['/page.html'],
  }),
  fact({
    title: 'a longer path outweighs stars',
    file: foo('allow: /x/page.', 'disallow: /*.html'),
    yes: ['/x/page.html'],
    no: ['/x/y.html'],
  }),
  fact({
    title: 'the start page alone',
    file: foo('allow: /$', 'disallow: /'),
    yes: ['/'],
    no: ['/page.html'],
  }),
  fact({ title: 'paths in upper case are others', file: foo('disallow: /X/'), yes: ['/x/y'], no: ['/X/y'] }),
  fact({
    title: 'robots.txt itself is always allowed',
    file: foo('disallow: /'),
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
  fact({
    title: 'a URL in a query',
    file: foo('Disallow: /', 'Allow: /foo/bar?qux=taz&baz=http://foo.bar?tar&par'),
    yes: ['/foo/bar?qux=taz&baz=http://foo.bar?tar&par'],
  }),
  fact({
    title: 'the RFC’s table: a plain query',
    file: foo('Disallow: /foo/bar?baz=quz'),
    no: ['/foo/bar?baz=quz'],
  }),
  fact({
    title: 'the RFC’s table: a URL in a query, escaped or not',
    file: foo('Disallow: /foo/bar?baz=https://foo.bar'),
    no: ['/foo/bar?baz=https://foo.bar', '/foo/bar?baz=https%3A%2F%2Ffoo.bar'],
  }),
  fact({
    title: 'the same with the rule escaped',
    file: foo('Disallow: /foo/bar?baz=https%3A%2F%2Ffoo.bar'),
    no: ['/foo/bar?baz=https://foo.bar', '/foo/bar?baz=https%3A%2F%2Ffoo.bar'],
  }),
  fact({
    title: 'the RFC’s table: three bytes of UTF-8',
    file: foo('Disallow: /', 'Allow: /foo/bar/ツ'),
    yes: ['/foo/bar/%E3%83%84', '/foo/bar/ツ'],
  }),
  fact({
    title: 'the RFC’s table: the same, escaped',
    file: foo('Disallow: /', 'Allow: /foo/bar/%E3%83%84'),
    yes: ['/foo/bar/%E3%83%84', '/foo/bar/ツ'],
  }),
  fact({
    title: 'the RFC’s table: letters that are escaped',
    file: foo('Disallow: /', 'Allow: /foo/bar/%62%61%7A'),
    yes: ['/foo/bar/baz', '/foo/bar/%62%61%7A'],
  }),
  fact({
    title: 'escapes in lower case',
    file: foo('Disallow: /%e3%83%84'),
    no: ['/%E3%83%84', '/%e3%83%84'],
  }),
  fact({
    title: 'a slash that is escaped is no slash',
    file: foo('Disallow: /a%2Fb'),
    yes: ['/a/b'],
    no: ['/a%2fb'],
  }),
  fact({
    title: 'a slash is none that is escaped',
    file: foo('Disallow: /a/b'),
    yes: ['/a%2Fb'],
    no: ['/a/b'],
  }),
  fact({ title: 'a tilde', file: foo('Disallow: /%7Ejim', 'Disallow: /~joe'), no: ['/~jim', '/%7ejoe'] }),
  fact({
    title: 'signs that a URL cannot hold',
    file: foo('Disallow: /a%3cd.html', 'Disallow: /b<d.html', 'Disallow: /c d'),
    no: ['/a<d.html', '/b%3Cd.html', '/c%20d'],
  }),
  fact({
    title: 'a byte that is no UTF-8',
    file: Buffer.from('user-agent: FooBot\ndisallow: /\xe9\n', 'latin1'),
    yes: ['/é'],
    no: ['/%E9'],
  }),
  fact({
    title: 'the parts of a URL that are sent',
    file: foo('Disallow: /path;params?query'),
    no: ['http://foo.bar:10/path;params?query#fragment'],
  }),
  fact({ title: 'a query alone', file: foo('Disallow: /?'), yes: ['/'], no: ['/?query', '/?'] }),
  fact({ title: 'an empty query is one', file: foo('Disallow: /*?'), yes: ['/a'], no: ['/a?', '/a?b'] }),
  fact({ title: 'parts behind a semicolon', file: foo('Disallow: /;'), yes: ['/'], no: ['/;params'] }),
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
  fact({
    title: 'a star within',
    file: foo('Disallow: /foo/bar/quz', 'Allow: /foo/*/qux'),
    yes: ['/foo/quz', '/foo//quz', '/foo/bax/quz'],
    no: ['/foo/bar/quz'],
  }),
  fact({
    title: 'a dollar at the end',
    file: foo('Disallow: /foo/bar$', 'Allow: /foo/bar/qux'),
    yes: ['/foo/bar/qux', '/foo/bar/', '/foo/bar/baz'],
    no: ['/foo/bar'],
  }),
  fact({
    title: 'a dollar within is a dollar',
    file: foo('disallow: /x$/abc', 'disallow: /y*y/abc$'),
    yes: ['/yabcy/abcdef'],
    no: ['/x$/abcdef', '/x%24/abcdef', '/yabcy/abc'],
  }),
  fact({
    title: 'a star that is escaped is a star',
    file: foo('Disallow: /path/file-with-a-%2A.html'),
    yes: ['/path/file-with-a-b.html'],
    no: ['/path/file-with-a-*.html', '/path/file-with-a-%2a.html'],
  }),
  fact({
    title: 'a dollar that is escaped is a dollar',
    file: foo('Disallow: /path/foo-%24'),
    yes: ['/path/foo-'],
    no: ['/path/foo-$', '/path/foo-$a'],
  }),
  fact({ title: '/fish', file: foo('disallow: /', 'allow: /fish'), yes: fish, no: noFish }),
  fact({ title: '/fish*', file: foo('disallow: /', 'allow: /fish*'), yes: fish, no: noFish }),
  fact({
    title: '/fish/',
    file: foo('disallow: /', 'allow: /fish/'),
    yes: ['/fish/', '/fish/salmon', '/fish/?salmon', '/fish/salmon.html', '/fish/?id=anything'],
    no: ['/bar', '/fish', '/fish.html', '/Fish/Salmon.html'],
  }),
  fact({
    title: '/*.php',
    file: foo('disallow: /', 'allow: /*.php'),
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
  fact({
    title: '/*.php$',
    file: foo('disallow: /', 'allow: /*.php$'),
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
  fact({
    title: '/fish*.php',
    file: foo('disallow: /', 'allow: /fish*.php'),
    yes: ['/fish.php', '/fishheads/catfish.php?parameters'],
    no: ['/bar', '/Fish.PHP'],
  }),
  fact({
    title: 'a star at the beginning',
    file: foo('disallow: /', 'allow: ****/cats', 'allow: */kangaroos'),
    yes: [
      '/cats.html',
      '/get/more/cats/page.html',
      '/kangaroosandkoalas/page.html',
      '/heaps/of/kangaroos/page.html',
    ],
    no: ['/kangaroo/zebra/cat/page.html'],
  }),
  fact({
    title: 'stars several times',
    file: foo('disallow: /this-*-is-a-*-test'),
    yes: ['/this-test-is-a-mislead'],
    no: ['/this-test-is-a-simple-test', '/this-test-is-another-test-is-a-tricky-test'],
  }),
  fact({
    title: 'a star and an end that overlap',
    file: foo('disallow: /a*a$', 'disallow: /b/*ab*b$'),
    yes: ['/a', '/b/ab'],
    no: ['/aa', '/aba', '/b/abb', '/b/aabxb'],
  }),
  fact({ title: 'a star alone', file: foo('disallow: *'), no: ['/', '/x'] }),
  fact({ title: 'a star in a query', file: foo('disallow: /*s='), yes: ['/', '/s/'], no: ['/?s=asd'] }),
  fact({
    title: 'two slashes',
    file: foo('disallow: //folder/*'),
    yes: ['/folder/page', '//folder'],
    no: ['//folder/page'],
  }),
  fact({
    title: 'a path that begins with no slash fits nothing',
    file: foo('disallow: x', 'disallow: http://foo.bar/z'),
    yes: ['/x', '/z'],
  }),
  fact({
    title: 'a rule that is a regular expression for others',
    file: foo('disallow: /a.b', 'disallow: /c+(d|e)[f]'),
    yes: ['/axb', '/ccdf'],
    no: ['/a.b', '/c+(d|e)[f]'],
  }),
]
