import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A little site behind a login, as many are: the form has a hidden token that belongs to a cookie, a good password is
 * answered by a redirect that sets the cookie, and cookies are good for the address they were given to, and nowhere else.
 */
export interface LoginSite extends AsyncDisposable {
  readonly url: string
  /** Every request, in the order of arrival. */
  readonly visits: Visit[]
  /** What answers instead of the site; undefined leaves it to the site. */
  instead: ((visit: Visit, answer: ServerResponse, request: IncomingMessage) => boolean) | undefined
  /** Everybody is logged out. */
  forgetEverybody(): void
}

export interface Visit {
  readonly method: string
  readonly path: string
  /** The address it came from. */
  readonly exit: string
  readonly cookies: Readonly<Record<string, string>>
  readonly contentType: string
  readonly body: string
}

export const account = { user: 'ann', password: 'right-horse' }

export async function openLoginSite({ pages = 10 } = {}): Promise<LoginSite> {
  let count = 0
  /** Cookie → the exit it was given to. */
  const guests = new Map<string, string>()
  const members = new Map<string, string>()
  const visits: Visit[] = []
  const site = { instead: undefined as LoginSite['instead'] }

  const server = createServer(async (request, answer) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const visit: Visit = {
      method: request.method ?? '',
      path: request.url ?? '',
      exit: request.socket.remoteAddress ?? '',
      cookies: cookiesOf(request),
      contentType: request.headers['content-type'] ?? '',
      body,
    }
    visits.push(visit)
    if (site.instead?.(visit, answer, request)) return
    const html = (text: string, headers: Record<string, string> = {}) =>
      answer
        .writeHead(200, { 'content-type': 'text/html', ...headers })
        .end(`<html><head><title>Shop</title></head><body>${text}</body></html>`)
    const move = (to: string, headers: Record<string, string> = {}) =>
      answer.writeHead(303, { location: to, ...headers }).end()

    const { method, path, exit, cookies } = visit
    if (path === '/robots.txt') return answer.writeHead(404).end()
    if (path.startsWith('/login') && method === 'GET') {
      const guest = `guest-${++count}`
      guests.set(guest, exit)
      const problem = path.includes('wrong') ? '<p>That is not the password.</p>' : ''
      return html(
        `${problem}<form id="login" method="post" action="/login"><input type="hidden" name="token" value="for ${guest}">
         <input name="user"><input type="password" name="password"><input type="checkbox" name="stay" value="yes" checked>
         <button name="go" value="1">Log in</button></form>`,
        { 'set-cookie': `guest=${guest}; Path=/; HttpOnly` },
      )
    }
    if (path === '/login') {
      const form = new URLSearchParams(body)
      const isForm = form.get('token') === `for ${cookies.guest}` && guests.get(cookies.guest ?? '') === exit
      if (!isForm) return answer.writeHead(400).end('bad form')
      const isRight = form.get('user') === account.user && form.get('password') === account.password
      if (!isRight) return move('/login?wrong')
      const member = `member-${++count}`
      members.set(member, exit)
      return move('/account', { 'set-cookie': `member=${member}; Path=/` })
    }
    if (members.get(cookies.member ?? '') !== exit) return move('/login')
    if (path === '/account') {
      const links = Array.from({ length: pages }, (_, n) => `<a href="/page/${n + 1}">${n + 1}</a>`)
      return html(`<h1>Your account</h1>${links.join(' ')}`)
    }
    return html(`<h1>Page ${path.slice(6)}</h1><p>Of the member ${cookies.member}.</p>`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return Object.assign(site, {
    url: `http://127.0.0.1:${port}`,
    visits,
    forgetEverybody: () => members.clear(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

function cookiesOf(request: IncomingMessage): Record<string, string> {
  const pairs = (request.headers.cookie ?? '').split('; ').filter(Boolean)
  return Object.fromEntries(pairs.map((pair) => pair.split('=') as [string, string]))
}
