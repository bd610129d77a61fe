import { Writable } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openDisplay } from '../../src/cli/display.ts'
import type { Io } from '../../src/cli/io.ts'
import { progressView } from '../../src/cli/progress.ts'
import { ManualClock } from '../manual-clock.ts'
import { progressReading, statsReading } from './readings.ts'
import { Screen } from './screen.ts'

/** Progress on the terminal on which others write as well: every line of theirs is still there at the end. */
function openTerminal() {
  const screen = new Screen()
  const clock = new ManualClock()
  const stream = () =>
    Object.assign(
      new Writable({
        decodeStrings: false,
        write(chunk: string | Uint8Array, _, done) {
          screen.write(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString())
          done()
        },
      }),
      { isTTY: true, columns: 100 },
    )
  const [stdout, stderr] = [stream(), stream()]
  const io: Io = {
    stdout,
    stderr,
    stdin: none(),
    env: { NO_COLOR: '1' },
    cwd: '/',
    clock,
    onSignal: () => () => {},
  }
  const view = () => progressView({ progress: progressReading(), stats: statsReading(), now: clock.now() })
  return { screen, clock, stdout, stderr, display: openDisplay(io, false, view) }
}

async function* none() {}

test('items on stdout stay on the screen while progress is redrawn', async () => {
  const { screen, clock, stdout, display } = openTerminal()
  for (let n = 0; n < 50; n++) {
    stdout.write(`{"n":${n}}\n`)
    await clock.advance(90)
  }
  display.end()
  const { lines } = screen
  for (let n = 0; n < 50; n++) expect(lines).toContain(`{"n":${n}}`)
  expect(lines.filter((line) => /^pages +10 pages/.test(line))).toHaveLength(1)
})

test('whatever others write, in pieces, as bytes, to stdout or to stderr, nothing of it is lost', async () => {
  const piece = fc.record({
    text: fc.stringMatching(/^[a-z]{0,8}\n?$/),
    asBytes: fc.boolean(),
    toStderr: fc.boolean(),
    wait: fc.constantFrom(0, 30, 300),
    note: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
      const { screen, clock, stdout, stderr, display } = openTerminal()
      for (const { text, asBytes, toStderr, wait, note } of pieces) {
        const stream = toStderr ? stderr : stdout
        stream.write(asBytes ? Buffer.from(text) : text)
        if (note) display.note('NOTE')
        await clock.advance(wait)
      }
      display.end()
      const seen = screen.lines
        .filter((line) => !/^(pages {4}|proxies {2}| {9}|limit {4}|NOTE$)/.test(line))
        .join('')
      expect(seen).toBe(pieces.map(({ text }) => text.replace('\n', '')).join(''))
    }),
    { numRuns: 60 },
  )
})

test('afterwards the streams write as before', () => {
  const { stdout, stderr, display } = openTerminal()
  expect(Object.hasOwn(stdout, 'write')).toBe(true)
  display.end()
  expect(Object.hasOwn(stdout, 'write')).toBe(false)
  expect(Object.hasOwn(stderr, 'write')).toBe(false)
})
