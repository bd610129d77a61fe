import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openDisplay } from '../../src/cli/display.ts'
import { wantsColour } from '../../src/cli/io.ts'
import { goalOf, type ProgressReading, progressView, RateTrend } from '../../src/cli/progress.ts'
import { renderLive } from '../../src/cli/render.ts'
import { cellsOf, printable, shortenTo } from '../../src/cli/terminal/cells.ts'
import { Frames } from '../../src/cli/terminal/frames.ts'
import {
  asciiGlyphs,
  bar,
  glyphsFor,
  pulse,
  sparkline,
  unicodeGlyphs,
} from '../../src/cli/terminal/glyphs.ts'
import { ManualClock } from '../manual-clock.ts'
import { hostReading, progressReading, statsReading } from './readings.ts'
import { Screen } from './screen.ts'
import { createTerminal } from './terminal.ts'

const hosts = {
  '例え.テスト': hostReading({ state: 'down', reason: 'status-503', waiting: 3 }),
  ['x'.repeat(300)]: hostReading({ state: 'throttled', until: 9_000 }),
  'evil\u001b[31m\u202e.test': hostReading({ state: 'starved' }),
}

function viewOf(change: Partial<ProgressReading> = {}) {
  return progressView({ progress: progressReading(), stats: statsReading(), now: 0, ...change })
}

describe('cells of a terminal', () => {
  test.each([
    ['abc', 3],
    ['例え.テスト', 11],
    ['👩‍👩‍👧.test', 7],
    ['é', 1],
    ['bücher.example', 14],
  ])('%s takes %i', (text, cells) => {
    expect(cellsOf(text)).toBe(cells)
  })

  test('a text is cut between what people see as characters', () => {
    expect(shortenTo('日本語', 5)).toBe('日本…')
    expect(shortenTo('日本語', 4)).toBe('日…')
    expect(shortenTo('a👨‍👩‍👧b', 3)).toBe('a…')
  })

  test('nothing that steers a terminal, turns a line or breaks it comes through', () => {
    expect(printable('a\u001b[2J\u009b1A\r\nb\u202e\u2066\u2028')).toBe('a?[2J?1A??b???')
    expect(printable('http://user:secret@proxy.test:1')).not.toContain('secret')
  })
})

describe('bars and trends', () => {
  const share = fc.double({ min: -1, max: 2, noNaN: true })

  test('a bar has its length, and is full only when all is done', () => {
    fc.assert(
      fc.property(
        share,
        fc.integer({ min: 1, max: 60 }),
        fc.constantFrom(unicodeGlyphs, asciiGlyphs),
        (done, cells, glyphs) => {
          const { full, rest } = bar(done, cells, glyphs)
          expect(cellsOf(full + rest)).toBe(cells)
          expect(full === glyphs.eighths.at(-1)!.repeat(cells)).toBe(done >= 1)
        },
      ),
    )
  })

  test('a pulse has its length wherever it is', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.integer({ min: 2, max: 60 }), (at, cells) => {
        const { before, full, rest } = pulse(at, cells, unicodeGlyphs)
        expect(cellsOf(before + full + rest)).toBe(cells)
      }),
    )
  })

  test('a trend begins at zero: a small change looks small', () => {
    expect(sparkline([100, 98, 100, 99], unicodeGlyphs)).toBe('████')
    expect(sparkline([0, 50, 100], unicodeGlyphs)).toBe('▁▅█')
    expect(sparkline([0, 50, 100], asciiGlyphs)).toBe('_=#')
    expect(sparkline([0, 0], unicodeGlyphs)).toBe('▁▁')
  })

  test('the trend is of whole spans, and old ones leave', () => {
    const trend = new RateTrend()
    expect(trend.rates(0, 0)).toEqual([])
    expect(trend.rates(1_000, 10)).toEqual([])
    expect(trend.rates(2_000, 20)).toEqual([10])
    expect(trend.rates(6_000, 20)).toEqual([10, 0, 0])
    for (let at = 8_000; at < 80_000; at += 2_000) trend.rates(at, at)
    expect(trend.rates(80_000, 80_000)).toHaveLength(16)
  })
})

describe('how far it is', () => {
  test('a limit is the goal, unless less is known and the queue shrinks', () => {
    const progress = progressReading({ pages: 10, queued: 50 })
    expect(goalOf(progress, 100, 5)).toEqual({ share: 0.1, total: 100, isLimit: true })
    expect(goalOf(progress, 100, -5)).toEqual({ share: 10 / 60, total: 60, isLimit: false })
    expect(goalOf(progress, 20, -5)).toEqual({ share: 0.5, total: 20, isLimit: true })
  })

  test('a crawl that still finds as much as it fetches has no goal, and its line says what it finds', () => {
    const progress = progressReading({ rate: 5 })
    expect(goalOf(progress, undefined, 2)).toBeUndefined()
    const [line] = renderLive(viewOf({ progress, growth: 2 }), { width: 100, colour: false })
    expect(line).toContain('5.0/s · 7.0/s found')
    expect(line).not.toContain('%')
  })
})

describe('the block on a terminal', () => {
  test('no line reaches the last column, at any width, in any script, with colour or without', () => {
    for (const width of [2, 10, 39, 40, 59, 60, 61, 80, 139, 141, 220]) {
      for (const [colour, isAscii] of [
        [true, false],
        [false, false],
        [false, true],
      ] as const) {
        for (const line of renderLive(viewOf({ stats: statsReading({ hosts }) }), {
          width,
          colour,
          isAscii,
        })) {
          const text = stripVTControlCharacters(line)
          expect(cellsOf(text)).toBeLessThan(width)
          expect(printable(text)).toBe(text)
          if (isAscii) expect(text).toMatch(/^[\x20-\x7e]*$/)
        }
      }
    }
  })

  test('a low terminal gets the first lines', () => {
    expect(
      renderLive(viewOf({ stats: statsReading({ hosts }) }), { width: 80, colour: false }, 3),
    ).toHaveLength(3)
  })
})

describe('redrawing', () => {
  test('only lines that have changed are written again, and the picture is what it should be', () => {
    const line = fc.string({ unit: 'grapheme-ascii', maxLength: 20 }).map((text) => text.trimEnd())
    const frame = fc.array(line, { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 8 }), (pictures) => {
        const frames = new Frames({})
        const screen = new Screen()
        screen.write('before\n')
        for (const lines of pictures) screen.write(frames.next(lines, 80))
        expect(screen.lines).toEqual(['before', ...pictures.at(-1)!, ''])
      }),
    )
    const frames = new Frames({})
    frames.next(['one', 'two', 'three'], 80)
    const text = frames.next(['one', 'TWO', 'three'], 80)
    expect(text).toContain('TWO')
    expect(text).not.toMatch(/one|three/)
    expect(frames.next(['one', 'TWO', 'three'], 80)).toBe('')
  })

  test('a terminal that was made narrower has wrapped the block: all of its rows are drawn anew', () => {
    const frames = new Frames({ TERM: 'vt100' })
    frames.next(['x'.repeat(79), 'y'.repeat(30)], 80)
    expect(frames.next(['x', 'y'], 40)).toContain('\r\u001b[3A\u001b[0J')
  })

  test('the picture is held back until it is whole, where terminals know how', () => {
    expect(new Frames({ TERM: 'xterm-256color' }).next(['a'], 80)).toBe('\u001b[?2026ha\n\u001b[?2026l')
    expect(new Frames({ TERM: 'linux' }).next(['a'], 80)).toBe('a\n')
  })

  test('the cursor is never hidden, so that whatever ends the process leaves it as it was', async () => {
    const clock = new ManualClock()
    const terminal = createTerminal({ clock, isTTY: true, columns: 100, env: { LANG: 'en_GB.UTF-8' } })
    const display = openDisplay(terminal.io, false, () => viewOf({ stats: statsReading({ hosts }) }))
    await clock.advance(2_000)
    display.end()
    expect(terminal.stderr()).not.toContain('\u001b[?25')
    expect(terminal.stderr().endsWith('\n') || terminal.stderr().endsWith('\u001b[?2026l')).toBe(true)
  })

  test('after Ctrl-Z and fg the block is drawn anew, below what the shell has said', async () => {
    const clock = new ManualClock()
    const terminal = createTerminal({ clock, isTTY: true, columns: 100 })
    let goOn = () => {}
    const io = {
      ...terminal.io,
      onContinue: (listener: () => void) => {
        goOn = listener
        return () => {}
      },
    }
    const display = openDisplay(io, false, viewOf)
    await clock.advance(250)
    const before = terminal.stderr().length
    goOn()
    expect(terminal.stderr().slice(before)).not.toMatch(/\[\d+A/)
    expect(terminal.stderr().slice(before)).toContain('pages')
    display.end()
  })
})

describe('what the environment asks for', () => {
  const terminal = { write: () => true, isTTY: true }
  const pipe = { write: () => true, isTTY: false }

  test('NO_COLOR takes colour away, FORCE_COLOR gives it, also to a pipe', () => {
    expect(wantsColour(terminal, {})).toBe(true)
    expect(wantsColour(pipe, {})).toBe(false)
    expect(wantsColour(terminal, { NO_COLOR: '1' })).toBe(false)
    expect(wantsColour(terminal, { NO_COLOR: '' })).toBe(true)
    expect(wantsColour(terminal, { TERM: 'dumb' })).toBe(false)
    expect(wantsColour(pipe, { FORCE_COLOR: '1' })).toBe(true)
    expect(wantsColour(terminal, { FORCE_COLOR: '0' })).toBe(false)
    expect(wantsColour(terminal, { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(true)
  })

  test('a pipe with FORCE_COLOR gets the same line, coloured', async () => {
    const lines: string[] = []
    for (const env of [{}, { FORCE_COLOR: '1' }]) {
      const clock = new ManualClock()
      const piped = createTerminal({ clock, env })
      const display = openDisplay(piped.io, false, () => viewOf({ stats: statsReading({ hosts }) }))
      await clock.advance(5_000)
      display.end()
      lines.push(piped.stderr())
    }
    expect(lines[0]).not.toContain('\u001b')
    expect(lines[1]).toContain('\u001b[31m')
    expect(stripVTControlCharacters(lines[1]!)).toBe(lines[0])
  })

  test('blocks are drawn where the locale is UTF-8', () => {
    expect(glyphsFor({ LANG: 'de_DE.UTF-8' }).isUnicode).toBe(true)
    expect(glyphsFor({ LC_ALL: 'C', LANG: 'de_DE.UTF-8' }).isUnicode).toBe(false)
    expect(glyphsFor({ LANG: 'C.utf8' }).isUnicode).toBe(true)
    expect(glyphsFor({}).isUnicode).toBe(false)
    expect(glyphsFor({ TERM: 'linux', LANG: 'de_DE.UTF-8' }).isUnicode).toBe(false)
    expect(glyphsFor({ WT_SESSION: 'x' }).isUnicode).toBe(true)
  })

  test('TERM=dumb gets plain lines', async () => {
    const clock = new ManualClock()
    const dumb = createTerminal({ clock, isTTY: true, columns: 80, env: { TERM: 'dumb' } })
    const display = openDisplay(dumb.io, false, viewOf)
    await clock.advance(5_000)
    display.end()
    expect(dumb.stderr()).not.toContain('\u001b')
    expect(dumb.stderr()).toMatch(/^10 pages/)
  })
})
