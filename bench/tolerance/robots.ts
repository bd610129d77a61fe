import { gzipSync } from 'node:zlib'
import { type Answer, head, html, page, paths, raw, redirect, status, type ToleranceCase } from './case.ts'

/** A site of two pages behind a robots.txt that answers so. */
const site = (title: string, robots: Answer, more: Partial<ToleranceCase> = {}): ToleranceCase => ({
  title: `robots.txt: ${title}`,
  needs: 'crawl',
  answer: paths({ '/robots.txt': robots, '/': page(html('<a href="/found">on</a>')), '/found': page() }),
  ...more,
})
const says = (title: string, text: string | Buffer, more: Partial<ToleranceCase> = {}) =>
  site(title, page(text, 'text/plain'), more)

const loop = {
  answer: paths({
    '/robots.txt': redirect('/robots2.txt'),
    '/robots2.txt': redirect('/robots.txt'),
    '/': page(html('<a href="/found">on</a>')),
    '/found': page(),
  }),
}
const login = {
  answer: paths({
    '/robots.txt': redirect('/login?next=/robots.txt'),
    '/login?next=/robots.txt': page(html('<form action="/login"><input type="password" name="p"></form>')),
    '/': page(html('<a href="/found">on</a>')),
    '/found': page(),
  }),
}
const waits = 'A server that fails to say what it forbids is waited for (RFC 9309, 2.3.1.4).'

export const robotsCases: readonly ToleranceCase[] = [
  site('404', status('404 Not Found')),
  site('401', status('401 Unauthorized', 'no', 'WWW-Authenticate: Basic realm="a"')),
  site('403', status('403 Forbidden')),
  site('410', status('410 Gone')),
  site('451', status('451 Unavailable For Legal Reasons')),
  site('a loop of redirects', status('302 Found'), loop),
  site('a redirect to a login page', status('302 Found'), login),
  site('HTML', page(html('Welcome'))),
  site('JSON', page('{"error":"not found"}', 'application/json')),
  site('empty', page('', 'text/plain')),
  site('204', raw(head('204 No Content'))),
  site('in gzip', page(gzipSync('User-agent: *\nAllow: /'), 'text/plain', 'Content-Encoding: gzip')),
  site('a picture', page(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3, 255]), 'image/png')),
  site('500', status('500 Internal Server Error'), { differs: waits }),
  site('503', status('503 Service Unavailable'), { differs: waits }),
  site('a connection that closes', raw(''), { differs: waits }),
  says('a byte order mark', '\ufeffUser-agent: *\nDisallow: /private\n'),
  says(
    'another agent is forbidden all',
    'User-agent: BadBot\nDisallow: /\n\nUser-agent: *\nDisallow: /private\n',
  ),
  says('a sitemap between two agents', 'User-agent: BadBot\nSitemap: /s.xml\nDisallow: /\n'),
  says('the longer rule allows', 'User-agent: *\nDisallow: /\nAllow: /$\nAllow: /fo\n'),
  says('wildcards that do not fit', 'User-agent: *\nDisallow: /*.php$\nDisallow: /found/*\n'),
  says('an empty disallow', 'User-agent: *\nDisallow:\n'),
  says('comments and odd lines', '# hello\nUser-agent: * # all\nThis is nothing\nDisallow: # none\n'),
  says('600 KB', `User-agent: *\nDisallow: /private\n${'# filler filler filler\n'.repeat(26_000)}`),
  says('a crawl delay that is no number', 'User-agent: *\nCrawl-delay: soon\n'),
  says('a crawl delay of nothing', 'User-agent: *\nCrawl-delay: 0\n'),
  says('line ends of old Macs', 'User-agent: *\rDisallow: /private\r'),
]
