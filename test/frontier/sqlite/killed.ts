import { openSqliteFrontier } from '../../../src/frontier/sqlite/open.ts'

/** A process to be killed: it discovers and settles, and says what it was told, line by line. */
const frontier = await openSqliteFrontier({ path: process.argv[2]! })
const say = (told: object) => process.stdout.write(`${JSON.stringify(told)}\n`)
let count = 0

async function discover(): Promise<void> {
  const ids = Array.from({ length: 20 }, () => `r${count++}`)
  const request = (id: string) => ({
    id,
    url: `https://host.example/${id}`,
    method: 'GET',
    headers: {},
    idempotent: true,
    source: 'test',
    host: `host${Number(id.slice(1)) % 7}`,
    depth: 0,
    priority: 4,
  })
  await frontier.discover(ids.map((id) => ({ request: request(id) })))
  say({ added: ids })
}

async function settle(): Promise<void> {
  const leases = await frontier.take({ max: 10, now: performance.now() })
  await Promise.all(
    leases.map(async (lease) => {
      const { id } = lease.request
      const outputs = [{ kind: 'item' as const, request: id, index: 0, source: 'test', value: { id } }]
      await frontier.settle([{ lease, kind: 'done', outputs }])
      say({ done: id })
    }),
  )
}

for (;;) await Promise.all([discover(), settle(), settle()])
