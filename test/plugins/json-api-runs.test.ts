import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { defineJsonApi } from '../../plugins/json-api.ts'
import { createTerminal } from '../cli/terminal.ts'

/** An interface as its user meets it on the command line: a file that declares it, runs that go on where the last one ended. */
interface Change {
  readonly id: number
  readonly at: string
}

let folder: string
let asked: string[] = []
let changes: Change[] = []
let logins = 0
let breaks = false
const server = createServer(async (request, response) => {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1')
  const say = (body: unknown, status = 200) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  if (url.pathname === '/robots.txt') return response.writeHead(404).end()
  asked.push(`${url.pathname}${url.search}`)
  if (url.pathname === '/token') {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    return body === 'id=ann&secret=s3cret' ? say({ access_token: `t${++logins}` }) : say({ error: 'no' }, 400)
  }
  if (url.pathname.startsWith('/private')) {
    // The first token is good for two requests.
    const isOld = request.headers.authorization === 'Bearer t1' && asked.length > 3
    const isKnown = /^Bearer t\d$/.test(request.headers.authorization ?? '')
    if (isOld || !isKnown) return say({ error: 'token' }, 401)
    const page = Number(url.searchParams.get('page'))
    return say(page <= 4 ? [{ id: page }] : [])
  }
  if (url.pathname === '/changes') {
    const since = url.searchParams.get('since') ?? ''
    const page = Number(url.searchParams.get('page') ?? 1)
    if (breaks && page === 2) return say({ error: 'gone for good' }, 422)
    return say(changes.filter(({ at }) => at >= since).slice((page - 1) * 2, page * 2))
  }
  const [, owner, comments] = /^\/repos\/(\w+)\/issues(?:\/(\d+)\/comments)?$/.exec(url.pathname) ?? []
  if (owner === undefined) return say({}, 404)
  const page = Number(url.searchParams.get('page'))
  if (comments === undefined) return say(page === 1 ? [{ number: 7 }, { number: 8 }] : [])
  return say(page <= 2 ? [{ text: `${owner} ${comments}.${page}` }] : [])
})
const at = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => {
  server.close()
  server.closeAllConnections()
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-api-'))
  asked = []
  logins = 0
  breaks = false
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function run(argv: readonly string[], env: Record<string, string> = {}) {
  const terminal = createTerminal({ cwd: folder, env })
  const always = ['--direct', '--no-politeness', '--quiet', '--no-state', '--out', '-']
  const code = await terminal.run('crawl', ...argv, ...always)
  const items = terminal.stdout().split('\n').filter(Boolean)
  return {
    code,
    items: items.map((line) => JSON.parse(line) as Record<string, unknown>),
    said: terminal.stderr(),
  }
}

const declare = (api: object) => writeFile(join(folder, 'api.json'), JSON.stringify(api))

const followed = ['--param', 'since=/at', '--param', 'bookmark=seen.json']
const incremental = () => [
  'json-api',
  '--param',
  `url=${at()}/changes?since={since}&page={page}`,
  ...followed,
]

test('the next run asks from the last value on, and leaves out what it has seen of that moment', async () => {
  changes = [
    { id: 1, at: '2026-01-01T00:00:00Z' },
    { id: 2, at: '2026-01-02T00:00:00Z' },
    { id: 3, at: '2026-01-02T00:00:00Z' },
  ]
  expect((await run(incremental())).items.map(({ id }) => id)).toEqual([1, 2, 3])
  // One more of the same moment, which was not there yet, and one later.
  changes.push({ id: 4, at: '2026-01-02T00:00:00Z' }, { id: 5, at: '2026-01-03T00:00:00Z' })
  asked = []
  expect((await run(incremental())).items.map(({ id }) => id)).toEqual([4, 5])
  expect(asked[0]).toBe('/changes?since=2026-01-02T00%3A00%3A00Z&page=1')
  expect((await run(incremental())).items).toEqual([])
  expect(JSON.parse(await readFile(join(folder, 'seen.json'), 'utf8'))).toEqual({
    value: '2026-01-03T00:00:00Z',
    keys: ['5'],
  })
})

test('a run that lacks a page does not move the bookmark: what it had comes again, and nothing is lost', async () => {
  changes = [1, 2, 3].map((id) => ({ id, at: `2026-01-0${id}` }))
  breaks = true
  const broken = await run(incremental())
  expect(broken).toMatchObject({ code: 3, items: [{ id: 1 }, { id: 2 }] })
  await expect(readFile(join(folder, 'seen.json'))).rejects.toThrow('ENOENT')
  breaks = false
  expect((await run(incremental())).items.map(({ id }) => id)).toEqual([1, 2, 3])
})

test('a bookmark that is something else is told before anything is sent', async () => {
  await writeFile(join(folder, 'seen.json'), 'hello')
  const { code, said } = await run(incremental())
  expect(code).toBe(2)
  expect(said).toMatch(/seen\.json cannot be read.*remove it/)
  expect(asked).toEqual([])
})

test('a file declares an interface with params of its own and with lists of each item', async () => {
  await declare({
    name: 'issues',
    params: { owner: null },
    url: `${at()}/repos/{owner}/issues?page={page}`,
    children: {
      comment: {
        url: `${at()}/repos/{owner}/issues/{/number}/comments?page={page}`,
        keep: { issue: '/number' },
      },
    },
  })
  const { code, items } = await run(['./api.json', '--param', 'owner=ann'])
  expect(code).toBe(0)
  expect(items.map((item) => JSON.stringify(item)).toSorted()).toEqual([
    '{"number":7}',
    '{"number":8}',
    '{"text":"ann 7.1","issue":7}',
    '{"text":"ann 7.2","issue":7}',
    '{"text":"ann 8.1","issue":8}',
    '{"text":"ann 8.2","issue":8}',
  ])
})

test('a token is asked for with variables of the environment, shown, and asked for again when it is refused', async () => {
  await declare({
    name: 'private',
    url: `${at()}/private?page={page}`,
    login: { url: `${at()}/token`, form: { id: '$' + '{API_USER}', secret: '$' + '{API_SECRET}' } },
  })
  const { code, items } = await run(['api.json'], { API_USER: 'ann', API_SECRET: 's3cret' })
  expect(code).toBe(0)
  expect(items.map(({ id }) => id)).toEqual([1, 2, 3, 4])
  expect(logins).toBe(2)
})

test('a declaration that is wrong names the file, the member and what was expected', async () => {
  await declare({ name: 'wrong', url: 'api.example.com/{who}', items: 'data' })
  const { code, said } = await run(['./api.json'])
  expect(code).toBe(2)
  expect(said).toMatch(/api\.json is not declared as one.*"items": expected a JSON pointer/)
  await writeFile(join(folder, 'api.json'), '{')
  expect((await run(['./api.json'])).said).toMatch(/api\.json is no source: it is not JSON/)
  expect(() => defineJsonApi({ name: 'x', url: 'https://a.example/{who}' })).toThrow(/"url".*a param/)
})

test('what a crawl is begun with is kept where it names variables only, and goes on without being typed again', async () => {
  changes = [{ id: 1, at: '2026-01-01' }]
  const terminal = createTerminal({ cwd: folder, env: { KEY: 's3cret' } })
  const url = `url=${at()}/changes?page={page}`
  const flags = ['--direct', '--no-politeness', '--quiet', '--state', 'kept', '--out', 'items.jsonl']
  expect(
    await terminal.run(
      'crawl',
      'json-api',
      '--param',
      url,
      '--param',
      'auth=query key=$' + '{KEY}',
      ...flags,
    ),
  ).toBe(0)
  const kept = await readFile(join(folder, 'kept/command.json'), 'utf8')
  expect(kept).toContain('query key=$' + '{KEY}')
  expect(kept).not.toContain('s3cret')
  expect(asked).toEqual(['/changes?page=1&key=s3cret', '/changes?page=2&key=s3cret'])
  expect(await terminal.run('resume', 'kept')).toBe(0)
})
