import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, readFile, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createCsvSink } from '../../src/sink/csv.ts'
import { createJsonlSink } from '../../src/sink/jsonl.ts'
import { item } from '../contracts/sink.ts'
import { createFaultyDisk, createFolder } from './faulty-disk.ts'

/** One file, and somebody else who writes to it as well. */
const create = { jsonl: createJsonlSink, csv: createCsvSink }
const formats = ['jsonl', 'csv'] as const
const taken = {
  code: 'SINK_FAILED',
  message: expect.stringMatching(/items: it is being written by another sink of this process.*of its own\.$/),
  value: { isPermanent: true },
}

async function emptyFile(): Promise<string> {
  return join(await createFolder(), 'items')
}

const linesOf = async (path: string): Promise<unknown[]> =>
  (await readFile(path, 'utf8')).split(/(?<=\n)/).map((line) => JSON.parse(line))

describe('a second sink of the same process', () => {
  test.each(formats)('is refused the %s file of the first, which goes on', async (format) => {
    const path = await emptyFile()
    const first = create[format]({ to: path })
    await first.open()
    await first.write([item(0)])
    for (const other of formats) {
      await expect(create[other]({ to: path }).open()).rejects.toMatchObject(taken)
    }
    await first.write([item(1)])
    await first.close()
    const rows = { jsonl: '{"n":0,"text":"text 0"}\n{"n":1,"text":"text 1"}\n', csv: '' }
    rows.csv = 'n,text\r\n0,text 0\r\n1,text 1\r\n'
    expect(await readFile(path, 'utf8')).toBe(rows[format])
  })

  test('is refused when both open at once, also by another name of the file', async () => {
    const path = await emptyFile()
    const link = join(await createFolder(), 'items')
    await writeFile(path, '')
    await symlink(path, link)
    const sinks = [path, link, path].map((to) => createJsonlSink({ to }))
    const opened = await Promise.allSettled(sinks.map((sink) => sink.open()))
    expect(opened.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected'])
    await Promise.all(sinks.map((sink) => sink.close()))
  })

  test('is let in when the first has closed, and when its closing or opening failed', async () => {
    const path = await emptyFile()
    const disk = createFaultyDisk()
    const first = createJsonlSink({ to: path, openFile: disk.openFile })
    await first.open()
    Object.assign(disk, { space: 5, failsToCut: true })
    await expect(first.write([item(0)])).rejects.toMatchObject({ code: 'SINK_FAILED' })
    await expect(first.close()).rejects.toMatchObject({ code: 'SINK_FAILED' })
    await truncate(path)
    await writeFile(path, 'a,b\r\n')
    await expect(createCsvSink({ to: path, columns: ['n'] }).open()).rejects.toMatchObject({
      message: expect.stringContaining('it has the columns a,b'),
    })
    const last = createCsvSink({ to: path })
    await last.open()
    await last.close()
  })

  test('takes nothing from the first by being refused or closed', async () => {
    const path = await emptyFile()
    const [first, second, third] = [0, 1, 2].map(() => createJsonlSink({ to: path }))
    await first!.open()
    await expect(second!.open()).rejects.toMatchObject(taken)
    await second!.close()
    await expect(third!.open()).rejects.toMatchObject(taken)
    await expect(first!.open()).rejects.toMatchObject(taken)
    await first!.write([item(0)])
    await first!.close()
    expect(await linesOf(path)).toEqual([item(0).value])
  })

  test('may have the same device', async () => {
    const sinks = [0, 1].map(() => createJsonlSink({ to: '/dev/null' }))
    for (const sink of sinks) await sink.open()
    await Promise.all(sinks.map((sink) => sink.write([item(0)])))
    for (const sink of sinks) await sink.close()
  })
})

describe('a file that somebody else writes to', () => {
  test.each(formats)('is left as it is, with all of %s that was written, and named', async (format) => {
    const path = await emptyFile()
    const sink = create[format]({ to: path })
    await sink.open()
    await sink.write([item(0)])
    await appendFile(path, 'x'.repeat(2_000))
    const before = await readFile(path, 'utf8')
    const had = (before.length - 2_000).toLocaleString('en-US')
    const has = before.length.toLocaleString('en-US')
    for (let time = 0; time < 2; time++) {
      await expect(sink.write([item(1)])).rejects.toMatchObject({
        code: 'SINK_FAILED',
        message: `Cannot write to ${path}: somebody else writes to it: it has ${has} bytes, and should have ${had}. Give each writer a file of its own.`,
        value: { sink: path, isPermanent: true },
      })
    }
    await sink.close()
    expect(await readFile(path, 'utf8')).toBe(before)
  })

  test('is not written to beyond the hole that was cut into it', async () => {
    const path = await emptyFile()
    const sink = createJsonlSink({ to: path })
    await sink.open()
    await sink.write([item(0)])
    await truncate(path)
    await expect(sink.write([item(1)])).rejects.toMatchObject({
      message: expect.stringContaining('somebody else has cut it: it has 0 bytes, and should have 24'),
    })
    await sink.close()
    expect(await readFile(path, 'utf8')).toBe('')
  })

  test('keeps what was written behind a line that we tore and could not cut', async () => {
    const path = await emptyFile()
    const disk = createFaultyDisk()
    const sink = createJsonlSink({ to: path, openFile: disk.openFile })
    await sink.open()
    await sink.write([item(0)])
    Object.assign(disk, { space: 5, failsToCut: true })
    await expect(sink.write([item(1)])).rejects.toMatchObject({ value: { errno: 'ENOSPC' } })
    Object.assign(disk, { space: Number.POSITIVE_INFINITY, failsToCut: false })
    await appendFile(path, '"theirs"\n')
    const before = await readFile(path, 'utf8')
    await expect(sink.write([item(1)])).rejects.toMatchObject({ value: { isPermanent: true } })
    await expect(sink.close()).rejects.toMatchObject({ code: 'SINK_FAILED' })
    expect(await readFile(path, 'utf8')).toBe(before)
  })

  test('has whole lines of both when they write in the same moment, and the next batch tells', async () => {
    const path = await emptyFile()
    const disk = createFaultyDisk()
    let theirs = ''
    const sink = createJsonlSink({
      to: path,
      async openFile(...names) {
        const file = await disk.openFile(...names)
        return {
          ...file,
          async write(...args) {
            await appendFile(path, theirs)
            theirs = ''
            return file.write(...args)
          },
        }
      },
    })
    await sink.open()
    await sink.write([item(0)])
    theirs = '"theirs"\n'
    await sink.write([item(1)])
    await expect(sink.write([item(2)])).rejects.toMatchObject({ code: 'SINK_FAILED' })
    await sink.close()
    expect(await linesOf(path)).toEqual([item(0).value, 'theirs', item(1).value])
  })

  test('does not lose a line that grows while we look at it', async () => {
    const path = await emptyFile()
    await writeFile(path, '{"n":1}\n{"n":2,"te')
    const disk = createFaultyDisk()
    const sink = createJsonlSink({
      to: path,
      async openFile(...names) {
        const file = await disk.openFile(...names)
        let reads = 0
        return {
          ...file,
          async read(...args) {
            const found = await file.read(...args)
            if (++reads === 2) await appendFile(path, 'xt":"theirs"}\n')
            return found
          },
        }
      },
    })
    await sink.open()
    await expect(sink.write([item(0)])).rejects.toMatchObject({ code: 'SINK_FAILED' })
    await sink.close()
    expect(await linesOf(path)).toEqual([{ n: 1 }, { n: 2, text: 'theirs' }])
  })

  test('is looked at once for each batch', async () => {
    const path = await emptyFile()
    const disk = createFaultyDisk()
    let looks = 0
    const sink = createJsonlSink({
      to: path,
      async openFile(...names) {
        const file = await disk.openFile(...names)
        return {
          ...file,
          stat() {
            looks++
            return file.stat()
          },
        }
      },
    })
    await sink.open()
    looks = 0
    for (let n = 0; n < 4; n++) {
      await sink.place!()
      await sink.write([item(n)])
    }
    // The first batch is behind the look at how the file ends.
    expect(looks).toBe(5)
    await sink.close()
  })
})

describe('two processes with one file', () => {
  async function start(path: string, name: string, count: number) {
    const program = fileURLToPath(new URL('./writing.ts', import.meta.url))
    const runtime = 'Deno' in globalThis ? ['run', '--allow-all'] : []
    const child: ChildProcess = spawn(process.execPath, [...runtime, program, path, name, String(count)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill())
    const lines = createInterface(child.stdout!)[Symbol.asyncIterator]()
    expect(await lines.next()).toMatchObject({ value: 'ready' })
    return {
      go: () => child.stdin!.write('go\n'),
      async end() {
        const { value } = await lines.next()
        if (child.exitCode === null) await once(child, 'exit')
        return JSON.parse(String(value)) as { written: number; why: string | undefined }
      },
    }
  }

  test('tear and lose nothing that was said to be written, however they meet', async () => {
    const path = await emptyFile()
    const names = ['one', 'other']
    const writers = await Promise.all(names.map((name) => start(path, name, 300)))
    for (const { go } of writers) go()
    const ends = await Promise.all(writers.map(({ end }) => end()))
    const lines = (await linesOf(path)) as { name: string; n: number }[]
    for (const [at, { written }] of ends.entries()) {
      const own = lines.filter(({ name }) => name === names[at]).map(({ n }) => n)
      expect(own).toEqual(Array.from({ length: written }, (_, n) => n))
    }
    expect(lines).toHaveLength(ends.reduce((sum, { written }) => sum + written, 0))
  })

  test('the one that notices fails, and the other goes on', async () => {
    const path = await emptyFile()
    const sink = createJsonlSink({ to: path })
    await sink.open()
    await sink.write([item(0)])
    const other = await start(path, 'other', 3)
    other.go()
    expect(await other.end()).toEqual({ written: 3 })
    await expect(sink.write([item(1)])).rejects.toMatchObject({ code: 'SINK_FAILED' })
    await sink.close()
    expect(await linesOf(path)).toHaveLength(4)
  })
})
