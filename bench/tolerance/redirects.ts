import {
  type Answer,
  head,
  html,
  marker,
  page,
  paths,
  raw,
  redirect,
  status,
  type ToleranceCase,
} from './case.ts'

/** Redirects of the protocol. */
const found = page()

const goes = (title: string, location: string | Buffer, to = '/found', code?: string): ToleranceCase => ({
  title,
  needs: 'page',
  answer: paths({ '/': redirect(location, code), [to]: found }),
})

const chain = (length: number): Record<string, Answer> =>
  Object.fromEntries(
    Array.from({ length }, (_, at) => [
      at === 0 ? '/' : `/${at}`,
      at === length - 1 ? redirect('/found') : redirect(`/${at + 1}`),
    ]),
  )

const hasCookie = (text: string, cookie: string) => new RegExp(`^cookie:.*\\b${cookie}`, 'im').test(text)

export const redirectCases: readonly ToleranceCase[] = [
  goes('301', '/found', '/found', '301 Moved Permanently'),
  goes('303', '/found', '/found', '303 See Other'),
  goes('307', '/found', '/found', '307 Temporary Redirect'),
  goes('308', '/found', '/found', '308 Permanent Redirect'),
  goes('a relative location', 'found'),
  goes('a location with a fragment', '/found#part'),
  goes('a location with spaces', '/the page', '/the%20page'),
  goes('a location with a space at its end', '/found  '),
  goes('a location in raw UTF-8', Buffer.from('/größe'), '/gr%C3%B6%C3%9Fe'),
  goes('a location with backslashes', '\\deep\\found', '/deep/found'),
  goes('a location in Cyrillic, raw', Buffer.from('/мир?q=да'), '/%D0%BC%D0%B8%D1%80?q=%D0%B4%D0%B0'),
  goes('a location with quotes', '/a"b', '/a%22b'),
  goes('a location with brackets', '/a[1]', '/a[1]'),
  {
    title: 'a whole address',
    needs: 'page',
    answer: paths({ '/': (self) => redirect(`${self}/found`), '/found': found }),
  },
  {
    title: 'an address without its scheme',
    needs: 'page',
    answer: paths({ '/': (self) => redirect(`${self.slice('http:'.length)}/found`), '/found': found }),
  },
  {
    title: 'a location that is only a query',
    needs: 'page',
    answer: paths({ '/': redirect('?x=1'), '/?x=1': found }),
  },
  {
    title: 'the same location twice',
    needs: 'page',
    answer: paths({ '/': redirect('/found', '302 Found', 'Location: /found'), '/found': found }),
  },
  {
    title: 'a redirect with a body',
    needs: 'page',
    answer: paths({ '/': status('302 Found', html('moved'), 'Location: /found'), '/found': found }),
  },
  {
    title: 'a redirect in chunks without an end',
    needs: 'page',
    answer: paths({
      '/': raw(head('302 Found', 'Location: /found', 'Connection: close'), 'mov'),
      '/found': found,
    }),
  },
  {
    title: 'a redirect without a location',
    needs: 'page',
    answer: paths({ '/': status('302 Found', html(marker)) }),
  },
  { title: 'five redirects', needs: 'page', answer: paths({ ...chain(5), '/found': found }) },
  { title: 'nine redirects', needs: 'page', answer: paths({ ...chain(9), '/found': found }) },
  { title: 'eighteen redirects', needs: 'page', answer: paths({ ...chain(18), '/found': found }) },
  {
    title: 'a redirect to another name of the host',
    needs: 'page',
    answer: paths({
      '/': (self) => redirect(`${self.replace('127.0.0.1', 'localhost')}/found`),
      '/found': found,
    }),
  },
  {
    title: 'a redirect that sets a cookie, to the same page',
    needs: 'page',
    answer: paths({
      '/': (_, { head: text }) =>
        hasCookie(text, 'seen=1') ? found : redirect('/', '302 Found', 'Set-Cookie: seen=1; Path=/'),
    }),
  },
  {
    title: 'a redirect that sets a cookie, to another page',
    needs: 'page',
    answer: paths({
      '/': redirect('/found', '302 Found', 'Set-Cookie: seen=1'),
      '/found': (_, { head: text }) => (hasCookie(text, 'seen=1') ? found : status('403 Forbidden')),
    }),
  },
  {
    title: 'two cookies on the way, each needed',
    needs: 'page',
    answer: paths({
      '/': redirect('/two', '302 Found', 'Set-Cookie: a=1; Path=/'),
      '/two': redirect('/found', '303 See Other', 'Set-Cookie: b=2; Path=/; HttpOnly'),
      '/found': (_, { head: text }) =>
        hasCookie(text, 'a=1') && hasCookie(text, 'b=2') ? found : status('403 Forbidden'),
    }),
  },
  {
    title: 'links behind a redirect',
    needs: 'crawl',
    answer: paths({
      '/': redirect('/deep/'),
      '/deep/': page(html('<a href="found">on</a>')),
      '/deep/found': found,
    }),
  },
  {
    title: 'a link to a page that redirects',
    needs: 'crawl',
    answer: paths({ '/': page(html('<a href="/go">on</a>')), '/go': redirect('/found'), '/found': found }),
  },
  {
    title: 'two links that redirect to one page',
    needs: 'crawl',
    answer: paths({
      '/': page(html('<a href="/go">on</a> <a href="/go2">on</a>')),
      '/go': redirect('/found'),
      '/go2': redirect('/found'),
      '/found': found,
    }),
  },
]
