import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { ByteBudget } from '../../src/base/byte-budget.ts'
import { testFolder } from './spill.ts'
import { direct, get, makeTransport, response } from './world.ts'

const MiB = 1_048_576

test('when many bodies arrive at once, memory holds as many bytes as it may and the rest goes to files', async () => {
  const body = Buffer.alloc(MiB, 'word ')
  const waiting: ServerResponse[] = []
  const server = createServer((_, answer) => {
    answer.write(body.subarray(0, -1))
    waiting.push(answer)
    if (waiting.length === 20)
      setTimeout(() => {
        for (const each of waiting) each.end(body.subarray(-1))
      }, 200)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo

  const budget = new ByteBudget(4 * MiB)
  let most = 0
  const look = setInterval(() => {
    most = Math.max(most, budget.held)
  }, 5)
  const transport = makeTransport({
    bodies: { dir: testFolder(), memory: 4 * MiB, budget },
    maxBody: 8 * MiB,
  })
  const all = await Promise.all(
    Array.from({ length: 20 }, (_, at) => response(transport, direct, get(`http://127.0.0.1:${port}/${at}`))),
  )
  clearInterval(look)
  expect(all.every(({ body: head, file }) => (file?.size ?? head.length) === MiB)).toBe(true)
  expect(all.filter(({ file }) => file).length).toBeGreaterThan(12)
  // Each may keep its first 64 KiB, and a chunk may be over.
  expect(most).toBeLessThan(7 * MiB)
  expect(budget.held).toBe(0)
  await Promise.all(all.map(({ file }) => file?.remove()))
})
