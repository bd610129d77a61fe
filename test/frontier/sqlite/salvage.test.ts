import { copyFile, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inspectFrontier } from '../../../src/frontier/sqlite/inspect.ts'
import { openSqliteFrontier } from '../../../src/frontier/sqlite/open.ts'
import { salvage } from '../../../src/frontier/sqlite/salvage.ts'
import { request } from '../model.ts'

const pageSize = 8_192
const all = 4_000
let folder: string
let sound: string
let pages: number

/** 4,000 requests of forty hosts: 3,000 wait, 900 are done with an output each, 100 are dead. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-salvage-'))
  sound = join(folder, 'sound.db')
  const frontier = await openSqliteFrontier({ path: sound, inline: true })
  await frontier.outputs!.attach(['a sink'])
  await frontier.discover(
    Array.from({ length: all }, (_, n) => ({
      request: request(`request-${n}`, {
        host: `host-${n % 40}.example`,
        url: `https://host-${n % 40}.example/${n}`,
      }),
    })),
  )
  const leases = await frontier.take({ max: 1_000, now: performance.now() })
  await frontier.settle(
    leases.map((lease, n) =>
      n < 900
        ? {
            lease,
            kind: 'done',
            outputs: [{ kind: 'item', request: lease.request.id, index: 0, source: 's', value: n }],
          }
        : { lease, kind: 'dead', reason: { code: 'blocked', detail: 'The host said no.' } },
    ),
  )
  await frontier.close()
  pages = (await stat(sound)).size / pageSize
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function damaged(page: number): Promise<string> {
  const path = join(folder, `damaged-${page}.db`)
  await copyFile(sound, path)
  const file = await open(path, 'r+')
  await file.write(Buffer.alloc(pageSize, 0x5a), 0, pageSize, page * pageSize)
  await file.close()
  return path
}

test('a sound file comes out as it was', async () => {
  const to = join(folder, 'copy.db')
  expect(await salvage(sound, to)).toEqual({
    requests: 3_000,
    done: 900,
    dead: 100,
    outputs: 900,
    lost: [],
    missing: 0,
  })
  await opened(to, async (frontier) => {
    expect(await frontier.stats()).toMatchObject({ ready: 3_000, waiting: 0, done: 900, dead: 100 })
  })
})

test('whichever page is damaged, the rest comes out, once, and can be worked on', {
  timeout: 120_000,
}, async () => {
  expect(pages).toBeGreaterThan(60)
  for (let page = 1; page < pages; page += 5) {
    const to = join(folder, `salvaged-${page}.db`)
    const found = await salvage(await damaged(page), to)
    const kept = found.requests + found.done + found.dead
    // The worst is the root of a table: then that table is empty.
    expect(kept, `page ${page}`).toBeLessThanOrEqual(all)
    await opened(to, async (frontier) => {
      const leases = await frontier.take({ max: 10_000, now: performance.now() })
      expect(leases, `page ${page}`).toHaveLength(found.requests)
      expect(new Set(leases.map(({ request }) => request.id)).size).toBe(found.requests)
      const again = await frontier.discover(leases.map((lease) => ({ request: lease.request })))
      expect(again.every((answer) => answer === 'known')).toBe(true)
    })
    await rm(to)
  }
})

test('damage to one page in the middle of the queue costs that page', async () => {
  const losses: number[] = []
  for (let page = 1; page < pages; page += 3) {
    const to = join(folder, 'one.db')
    await rm(to, { force: true })
    const { requests } = await salvage(await damaged(page), to)
    losses.push(3_000 - requests)
  }
  const hurt = losses.filter((loss) => loss > 0)
  expect(hurt.length).toBeGreaterThan(5)
  hurt.sort((one, other) => one - other)
  expect(hurt[Math.floor(hurt.length / 2)]).toBeLessThan(200)
})

test('a request whose bytes have changed is seen to be damaged, and costs itself alone', async () => {
  const path = join(folder, 'byte.db')
  const bytes = await readFile(sound)
  bytes.write('#', bytes.indexOf('{"id":"request-3777"'))
  await writeFile(path, bytes)
  const inspection = inspectFrontier(path)
  expect(() => inspection.check()).toThrow(/1 request in it cannot be read/)
  inspection.close()
  await opened(path, async (frontier) => {
    const taking = frontier.take({ max: 10_000, now: performance.now() })
    await expect(taking).rejects.toMatchObject({ code: 'STATE_CORRUPT' })
  })
  const found = await salvage(path, join(folder, 'byte-rescued.db'))
  expect(found).toEqual({
    requests: 2_999,
    done: 900,
    dead: 100,
    outputs: 900,
    lost: ['requests'],
    missing: 1,
  })
})

test('what is no database gives nothing, and says so', async () => {
  const path = join(folder, 'text.db')
  const file = await open(path, 'w')
  await file.write('no database\n'.repeat(2_000))
  await file.close()
  await expect(salvage(path, join(folder, 'none.db'))).rejects.toMatchObject({
    code: 'STATE_CORRUPT',
    message: expect.stringContaining('--fresh'),
  })
})

async function opened(
  path: string,
  work: (frontier: Awaited<ReturnType<typeof openSqliteFrontier>>) => Promise<void>,
): Promise<void> {
  const frontier = await openSqliteFrontier({ path, inline: true })
  try {
    await work(frontier)
  } finally {
    await frontier.close()
  }
}
