import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startLab } from '../../src/lab/index.ts'
import { pages, type World } from './world.ts'

/** What happens to somebody in the first hour, with sites and lists of their own. */
export interface Situation {
  readonly name: string
  /** Seconds within which it is over on a machine that has nothing else to do. */
  readonly within: number
  /** The exit code that tells it. */
  readonly code: number
  /** Sentences that must stand on the screen: the cause, and what to type or do next. */
  readonly says: readonly RegExp[]
  /** Prepares the world and says what is typed. */
  set(world: World, folder: string): Promise<Command>
  /** Ctrl-C, once for each of these that shows. */
  readonly interrupts?: readonly RegExp[]
}

export interface Command {
  readonly argv: readonly string[]
  /** Typed before, and not looked at. */
  readonly before?: readonly string[]
}

const crawl = (url: string, ...more: string[]): Command => ({
  argv: ['crawl', url, '--out', 'pages.jsonl', '--no-state', ...more],
})

async function source(folder: string, parse: string): Promise<string> {
  const path = join(folder, 'shop.ts')
  await writeFile(
    path,
    `import { defineSource } from 'regatta'
import { z } from 'zod'

export default defineSource({
  name: 'shop',
  params: z.object({ start: z.url() }),
  item: z.object({ title: z.string(), price: z.number() }),
  *seeds({ start }) {
    yield start
  },
  *parse(page) {
${parse}
  },
})
`,
  )
  return path
}

export const situations: readonly Situation[] = [
  {
    name: 'the server is down',
    within: 10,
    code: 1,
    says: [/refuse/, /curl -I/],
    set: async (world) => crawl(`http://127.0.0.1:${world.closedPort()}/`, '--direct'),
  },
  {
    name: 'every page is refused',
    within: 10,
    code: 1,
    says: [/status 403/, /--proxies LIST/],
    set: async (world) =>
      crawl(await world.site((_, response) => void response.writeHead(403).end('Forbidden')), '--direct'),
  },
  {
    name: 'the password of the proxy is wrong',
    within: 20,
    code: 1,
    says: [/credential/, /proxies check/],
    async set(world) {
      const auth = { username: 'bob', password: 'right' }
      const lab = world.use(
        await startLab({ origins: { site: {} }, proxies: [{ name: 'exit', count: 2, auth }] }),
      )
      const lists = lab.proxies.flatMap((url) => ['--proxies', url.replace('right', 'wrong')])
      return crawl(`${lab.origins.site!.url}/`, ...lists)
    },
  },
  {
    name: 'every proxy of the list is dead',
    within: 20,
    code: 1,
    says: [/None of the 5 proxies has answered/, /proxies check/],
    async set(world, folder) {
      const lines: string[] = []
      for (let each = 0; each < 5; each++) lines.push(`socks5://127.0.0.1:${world.closedPort()}`)
      await writeFile(join(folder, 'proxies.txt'), lines.join('\n'))
      return crawl(await world.site(pages(3)), '--proxies', 'proxies.txt')
    },
  },
  {
    name: 'an option is misspelt',
    within: 5,
    code: 2,
    says: [/--concurency/, /--concurrency/],
    set: async (world) => crawl(await world.site(pages(3)), '--direct', '--concurency', '5'),
  },
  {
    name: 'a selector is wrong',
    within: 10,
    code: 1,
    says: [/shop\.ts:12/, /a\[href/, /Mend the source/],
    async set(world, folder) {
      const path = await source(folder, "    yield page.item({ title: page.$('a[href').text(), price: 1 })")
      return crawl(path, '--direct', '--param', `start=${await world.site(pages(1))}`)
    },
  },
  {
    name: 'an item does not fit its schema',
    within: 10,
    code: 3,
    says: [/price/],
    async set(world, folder) {
      const path = await source(
        folder,
        "    yield page.item({ title: page.$('h1').text(), price: Number.NaN })\n    yield page.item({ title: page.$('h1').text(), price: 2 })",
      )
      return crawl(path, '--direct', '--param', `start=${await world.site(pages(1))}`)
    },
  },
  {
    name: 'the disk is full',
    within: 20,
    code: 1,
    says: [/the disk is full/, /write elsewhere/, /10 seconds/],
    set: async (world) => ({
      argv: ['crawl', await world.site(pages(5)), '--direct', '--no-state', '--out', '/dev/full'],
    }),
  },
  {
    name: 'Ctrl-C',
    within: 15,
    code: 130,
    says: [/resume|same command/i],
    interrupts: [/[1-9]\d* pages/],
    set: async (world) => ({
      argv: [
        'crawl',
        await world.site(pages(1_000)),
        '--direct',
        '--out',
        'pages.jsonl',
        '--interval',
        '300ms',
      ],
    }),
  },
  {
    name: 'the same command a second time',
    within: 10,
    code: 0,
    says: [/finished|done|fresh/i],
    async set(world) {
      const argv = ['crawl', await world.site(pages(3)), '--direct', '--out', 'pages.jsonl']
      return { before: argv, argv }
    },
  },
  {
    name: 'the site is empty',
    within: 10,
    code: 0,
    says: [/1 page, 1 item/],
    set: async (world) =>
      crawl(await world.site((_, response) => void response.writeHead(200).end()), '--direct'),
  },
  {
    name: 'every page leads to the login',
    within: 10,
    code: 1,
    says: [/login/, /--header cookie/],
    async set(world) {
      const site = await world.site((request, response) => {
        if (request.url!.startsWith('/login')) {
          response.writeHead(200, { 'content-type': 'text/html' })
          response.end(
            '<form action="/login" method="post"><input name="user"><input type="password" name="pass"></form>',
          )
        } else if (request.url === '/robots.txt') response.writeHead(404).end()
        else response.writeHead(302, { location: `/login?next=${encodeURIComponent(request.url!)}` }).end()
      })
      return crawl(`${site}account`, '--direct')
    },
  },
  {
    name: 'the scheme of the proxies is wrong',
    within: 20,
    code: 1,
    says: [/speaks SOCKS5, not HTTP: write socks5h:/],
    async set(world) {
      const lab = world.use(
        await startLab({ origins: { site: {} }, proxies: [{ name: 'exit', count: 2, protocol: 'socks5' }] }),
      )
      const lists = lab.proxies.flatMap((url) => ['--proxies', url.replace('socks5:', 'http:')])
      return crawl(`${lab.origins.site!.url}/`, ...lists)
    },
  },
  {
    name: 'there is one proxy',
    within: 10,
    code: 0,
    says: [/3 pages/],
    async set(world) {
      const lab = world.use(await startLab({ origins: { site: {} }, proxies: [{ name: 'exit' }] }))
      return crawl(await world.site(pages(3)), '--proxies', lab.proxies[0]!)
    },
  },
  {
    name: 'there is no robots.txt',
    within: 12,
    code: 0,
    says: [/5 pages/],
    set: async (world) => crawl(await world.site(pages(5)), '--direct'),
  },
  {
    name: 'the site is slow',
    within: 20,
    code: 0,
    says: [/3 pages/],
    set: async (world) => crawl(await world.site(pages(3, { delayMs: 2_000 })), '--direct'),
  },
  {
    name: 'a page is huge',
    within: 10,
    code: 1,
    says: [/longer than 16777216 bytes/, /maxBody/],
    async set(world) {
      const block = Buffer.alloc(1 << 20, 'words ')
      const site = await world.site((request, response) => {
        if (request.url === '/robots.txt') return void response.writeHead(404).end()
        response.writeHead(200, { 'content-type': 'text/html' })
        const more = () => {
          while (!response.destroyed && response.write(block));
        }
        response.on('drain', more)
        more()
      })
      return crawl(site, '--direct')
    },
  },
  {
    name: 'the host is unknown',
    within: 10,
    code: 1,
    says: [/no proxy finds a host named nowhere\.invalid|nowhere\.invalid/, /curl -I/],
    set: async () => crawl('http://nowhere.invalid/', '--direct'),
  },
  {
    name: 'nothing may be written there',
    within: 5,
    code: 1,
    says: [/Cannot write to \/proc\/pages\.jsonl/],
    set: async (world) => ({
      argv: ['crawl', await world.site(pages(3)), '--direct', '--no-state', '--out', '/proc/pages.jsonl'],
    }),
  },
]
