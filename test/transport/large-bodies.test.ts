import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import zlib from 'node:zlib'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { verdictOfFault } from '../../src/classify/rules/faults.ts'
import type { Exchange, HttpResponse } from '../../src/contracts/outcome.ts'
import { type Lab, startLab } from '../../src/lab/index.ts'
import { largeBlocks } from '../../src/lab/origin/large.ts'
import { BodyFolder, type NewFile } from '../../src/transport/body-folder.ts'
import type { TransportOptions } from '../../src/transport/socket-transport.ts'
import { bodiesIn, testFolder } from './spill.ts'
import { direct, exchange, fault, get, makeTransport, response, startOrigin, until } from './world.ts'

const MiB = 1024 * 1024

let lab: Lab
let origin: string
beforeAll(async () => {
  lab = await startLab({ origins: { site: {} }, proxies: [] })
  origin = lab.origins.site!.direct
  return () => lab.close()
})

function digestOf(chunks: Iterable<Uint8Array>): string {
  const hash = createHash('sha256')
  for (const chunk of chunks) hash.update(chunk)
  return hash.digest('hex')
}

function spilling(more: Partial<Pick<TransportOptions, 'maxBody' | 'bodies'>> & { idle?: number } = {}) {
  const dir = testFolder()
  const { bodies, maxBody = 1_024 * MiB, idle = 5_000 } = more
  const transport = makeTransport({
    maxBody,
    bodies: { dir, memory: MiB, ...bodies },
    timeouts: { idle, total: 60_000 },
  })
  return { dir, transport }
}

async function keep(response: HttpResponse): Promise<HttpResponse> {
  onTestFinished(() => response.file?.remove())
  return response
}

describe('a body that is too large for memory', () => {
  test('arrives on disk byte for byte, with its beginning and its end in memory', async () => {
    const { dir, transport } = spilling()
    const result = await keep(await response(transport, direct, get(`${origin}/large/${9 * MiB + 5}`)))
    const file = result.file!
    const bytes = readFileSync(file.path)
    expect(digestOf([bytes])).toBe(digestOf(largeBlocks(9 * MiB + 5)))
    expect(file).toMatchObject({ size: 9 * MiB + 5, digest: digestOf([bytes]) })
    expect(Buffer.compare(result.body, bytes.subarray(0, 65_536))).toBe(0)
    expect(Buffer.compare(file.tail, bytes.subarray(-4_096))).toBe(0)
    expect(result.bytes).toBe(9 * MiB + 5)
    expect(bodiesIn(dir)).toEqual([file.path])
    await file.remove()
    await transport.close()
    expect(readdirSync(dir)).toEqual([])
  })

  test('of 200 MiB takes less than 64 MB of memory', { timeout: 60_000 }, async () => {
    const { transport } = spilling()
    const load = async (size: number) => {
      const { file } = await response(transport, direct, get(`${origin}/large/${size}`))
      await file!.remove()
      return file!.digest
    }
    await load(20 * MiB)
    const before = process.memoryUsage().rss
    let most = before
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss)
    }, 10)
    const digest = await load(200 * MiB)
    clearInterval(watch)
    expect((most - before) / 1e6).toBeLessThan(64)
    expect(digest).toBe(digestOf(largeBlocks(200 * MiB)))
  })

  test('is decoded while it comes', async () => {
    const { transport } = spilling()
    const result = await keep(await response(transport, direct, get(`${origin}/large/gzip/${12 * MiB}`)))
    expect(result.file).toMatchObject({ size: 12 * MiB, digest: digestOf(largeBlocks(12 * MiB)) })
    expect(result.bytes).toBeLessThan(8 * MiB)
  })

  test.each([
    ['gzip', zlib.gzipSync],
    ['deflate', zlib.deflateSync],
    ['deflate', zlib.deflateRawSync],
    [
      'br',
      (body: Buffer) =>
        zlib.brotliCompressSync(body, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } }),
    ],
    ['zstd', zlib.zstdCompressSync],
    ['gzip, gzip', (body: Buffer) => zlib.gzipSync(zlib.gzipSync(body))],
  ] as const)('but short on the wire as %s is decoded onto a file too', async (coding, encode) => {
    const { transport } = spilling()
    const body = Buffer.alloc(3 * MiB, 'a little text ')
    const { port } = await startOrigin((_, answer) => {
      answer.writeHead(200, { 'content-encoding': coding }).end(encode(body))
    })
    const result = await keep(await response(transport, direct, get(`http://127.0.0.1:${port}/`)))
    expect(result.bytes).toBeLessThan(MiB)
    expect(result.file).toMatchObject({ size: 3 * MiB, digest: digestOf([body]) })
  })

  test('leaves its connection good for the next request', async () => {
    const body = Buffer.alloc(5 * MiB, 'x')
    const { port, accepted } = await startOrigin((_, answer) => void answer.end(body))
    const { transport } = spilling()
    for (let i = 0; i < 3; i++) {
      await keep(await response(transport, direct, get(`http://127.0.0.1:${port}/`)))
    }
    expect(accepted()).toBe(1)
  })
})

test('a body that memory bears makes no folder', async () => {
  const { dir, transport } = spilling()
  const result = await response(transport, direct, get(`${origin}/large/${MiB}`))
  expect([result.body.length, result.file]).toEqual([MiB, undefined])
  expect(readdirSync(dir)).toEqual([])
})

describe('what breaks off leaves no file', () => {
  const cut = zlib.gzipSync(Buffer.concat([...largeBlocks(4 * MiB)])).subarray(0, -20)

  test.each([
    ['a connection that is reset in the middle', `/large/${20 * MiB}?cut=${9 * MiB}`, 'body-reset'],
    ['one that is reset within an encoding', `/large/gzip/${20 * MiB}?cut=${5 * MiB}`, 'body-reset'],
    ['a body that is announced too large', `/large/${20 * MiB}`, 'body-too-large', 10 * MiB],
    ['a bomb', '/bomb', 'decode-bomb', 20 * MiB],
  ])('%s', async (_, path, cause, maxBody = 1_024 * MiB) => {
    const { dir, transport } = spilling({ maxBody })
    const result = await fault(transport, direct, get(`${origin}${path}`))
    expect(result.cause).toBe(cause)
    await transport.close()
    expect(readdirSync(dir)).toEqual([])
  })

  test('a body without end', async () => {
    const { port } = await startOrigin((_, answer) => {
      for (const block of largeBlocks(8 * MiB)) answer.write(block)
    })
    const { dir, transport } = spilling({ maxBody: 6 * MiB })
    const result = await fault(transport, direct, get(`http://127.0.0.1:${port}/`))
    expect(result.cause).toBe('body-too-large')
    await transport.close()
    expect(readdirSync(dir)).toEqual([])
  })

  test.each([
    ['is cut within its encoding', cut],
    [
      'is gzip by its first bytes alone',
      Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), ...largeBlocks(4 * MiB)]),
    ],
  ])('a body that %s', async (_, body) => {
    const { port } = await startOrigin((_, answer) => {
      answer.writeHead(200, { 'content-encoding': 'gzip' }).end(body)
    })
    const { dir, transport } = spilling()
    const result = await fault(transport, direct, get(`http://127.0.0.1:${port}/`))
    expect([result.phase, result.cause]).toEqual(['decode', 'decode-failed'])
    await transport.close()
    expect(readdirSync(dir)).toEqual([])
  })

  test('an attempt that is cancelled', async () => {
    const { dir, transport } = spilling()
    let cancel = () => {}
    const cancelled = new Promise<unknown>((deliver) => {
      const call = { request: get(`${origin}/large/${900 * MiB}`), proxy: direct, deliver }
      cancel = () => handle.cancel()
      const handle = transport.send(call)
    })
    await until(() => bodiesIn(dir).length === 1)
    cancel()
    expect(await cancelled).toMatchObject({ cause: 'cancelled' })
    expect(transport.stats()).toMatchObject({ open: 0, running: 0 })
    await until(() => bodiesIn(dir).length === 0)
    await transport.close()
    expect(readdirSync(dir)).toEqual([])
  })

  test('an attempt that is cancelled while its file is opened, as the transport closes', async () => {
    const opening = Promise.withResolvers<void>()
    const opened = Promise.withResolvers<void>()
    const openFile = async (path: string) => {
      opening.resolve()
      await opened.promise
      return open(path, 'wx')
    }
    const { dir, transport } = spilling({ bodies: { openFile } })
    const call = { request: get(`${origin}/large/${20 * MiB}`), proxy: direct, deliver: () => {} }
    transport.send(call)
    await opening.promise
    const closed = transport.close()
    opened.resolve()
    await closed
    expect(readdirSync(dir)).toEqual([])
  })

  test('attempts that are cancelled at any moment', async () => {
    const { dir, transport } = spilling()
    for (let turns = 0; turns < 60; turns += 3) {
      const result = await new Promise<Exchange>((deliver) => {
        const handle = transport.send({ request: get(`${origin}/large/${2 * MiB}`), proxy: direct, deliver })
        void after(turns).then(() => handle.cancel())
      })
      if (result.kind === 'response') await result.file?.remove()
    }
    await transport.close()
    expect(readdirSync(dir)).toEqual([])
  })
})

describe('our own disk', () => {
  const diskWith = (write: NewFile['write']) => async (path: string) => {
    const file = await open(path, 'wx')
    return { write, close: () => file.close() }
  }

  test('that is full is nobody’s fault, and says so', async () => {
    let room = 3 * MiB
    const full = diskWith(async (_, __, length) => {
      room -= length
      if (room < 0) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
      return { bytesWritten: length }
    })
    const { dir, transport } = spilling({ bodies: { openFile: full } })
    const result = await fault(transport, direct, get(`${origin}/large/${20 * MiB}`))
    expect([result.phase, result.cause]).toEqual(['local', 'local-disk'])
    expect(result.detail).toContain('full (ENOSPC)')
    expect(verdictOfFault(result, 'direct').kind).toBe('neutral')
    await transport.close()
    expect(readdirSync(dir)).toEqual([])
  })

  test('that cannot be written to at all is told', async () => {
    const { transport } = spilling({ bodies: { dir: fileURLToPath(import.meta.url) } })
    const result = await fault(transport, direct, get(`${origin}/large/${2 * MiB}`))
    expect([result.phase, result.cause]).toEqual(['local', 'local-disk'])
  })

  test('that is slow makes the sender wait and is not taken for silence of the sender', async () => {
    let most = 0
    let waiting = 0
    const slow = diskWith(async (_, __, length) => {
      most = Math.max(most, ++waiting)
      await new Promise((resolve) => setTimeout(resolve, 400))
      waiting--
      return { bytesWritten: length }
    })
    const { transport } = spilling({ bodies: { openFile: slow }, idle: 150 })
    const result = await exchange(transport, direct, get(`${origin}/large/${6 * MiB}`))
    expect(result).toMatchObject({ kind: 'response', bytes: 6 * MiB })
    expect(most).toBe(1)
  })
})

describe('what a process leaves behind', () => {
  async function spillElsewhere(dir: string) {
    const script = fileURLToPath(new URL('./spilling-process.ts', import.meta.url))
    const child = spawn(process.execPath, [script, dir], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const [path] = await once(child.stdout, 'data')
    return { child, path: String(path) }
  }

  test('when it is killed is removed at the next start, and not before', async () => {
    const dir = testFolder()
    const { child, path } = await spillElsewhere(dir)
    await new BodyFolder({ dir }).close()
    expect(existsSync(path)).toBe(true)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await new BodyFolder({ dir }).close()
    expect(readdirSync(dir)).toEqual([])
  })

  test('a body of another transport in this process is left alone', async () => {
    const { dir, transport } = spilling()
    const { file } = await keep(await response(transport, direct, get(`${origin}/large/${2 * MiB}`)))
    await new BodyFolder({ dir }).close()
    expect(existsSync(file!.path)).toBe(true)
  })

  test('a body that was handed over outlives its transport, and then its folder goes', async () => {
    const { dir, transport } = spilling()
    const { file } = await response(transport, direct, get(`${origin}/large/${2 * MiB}`))
    await transport.close()
    expect(existsSync(file!.path)).toBe(true)
    await file!.remove()
    expect(readdirSync(dir)).toEqual([])
  })
})

async function after(turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve))
}
