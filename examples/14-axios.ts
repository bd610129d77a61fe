import axios from 'axios'
import { createCrawler } from 'regatta'
import { startLab } from 'regatta/lab'

/**
 * axios within a session: a crumb that is good for one address, and the quote that needs it, leave through one exit with its cookies,
 * because each lease names the session. `proxy: false` keeps axios from looking for a proxy of its own in the environment.
 */
await using lab = await startLab({
  origins: { quotes: {} },
  proxies: [{ name: 'exit', count: 4, protocol: 'socks5' }],
})
await using crawler = await createCrawler({ proxies: [...lab.proxies], politeness: false })
const { url } = lab.origins.quotes!

const get = (path: string) =>
  crawler.withLease(
    url,
    async ({ agent, headers, cookies, proxy }) => {
      const cookie = cookies?.headerFor(url)
      const answer = await axios.get<string>(`${url}${path}`, {
        httpAgent: agent,
        httpsAgent: agent,
        proxy: false,
        headers: { ...headers, ...(cookie !== undefined && { cookie }) },
        responseType: 'text',
        timeout: 5_000,
      })
      cookies?.take(`${url}${path}`, answer.headers['set-cookie'] ?? [])
      return { text: answer.data, proxy }
    },
    { session: 'ann', tries: 1 },
  )

const crumb = await get('/crumb')
const quote = await get(`/quote?symbol=KEEL&crumb=${crumb.text}`)
console.log(`${quote.text} via ${quote.proxy}, as the crumb: ${quote.proxy === crumb.proxy}`)
