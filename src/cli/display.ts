import { type Io, isTerminal, wantsColour } from './io.ts'
import type { ProgressView } from './progress.ts'
import { renderLine, renderLive } from './render.ts'
import { shareTerminal } from './shared-terminal.ts'
import { printable } from './terminal/cells.ts'
import { Frames } from './terminal/frames.ts'
import { glyphsFor } from './terminal/glyphs.ts'

/**
 * Progress on stderr. A terminal gets a block that is redrawn in place four times a second; anything else gets a plain
 * line every five seconds, because a log with escape codes is unreadable. Other lines go through `note` and `warn`, so
 * that they land above the block and not inside it; what others write to the terminal does too.
 */
export interface Display {
  /** A line for a curious reader; silent when quiet. */
  note(line: string): void
  /** A line that must be seen, quiet or not. */
  warn(line: string): void
  /** Draws the last state and stops. */
  end(): void
}

const redrawEvery = 250
const leastRedraw = 50
const lineEvery = 5_000

export function openDisplay(io: Io, quiet: boolean, view: () => ProgressView): Display {
  if (quiet) return silentDisplay(io)
  return isTerminal(io.stderr, io.env) ? liveDisplay(io, view) : plainDisplay(io, view)
}

function silentDisplay({ stderr }: Io): Display {
  return {
    note() {},
    warn: (line) => stderr.write(`${printable(line)}\n`),
    end() {},
  }
}

function plainDisplay({ stderr, clock, env }: Io, view: () => ProgressView): Display {
  const colour = wantsColour(stderr, env)
  const say = (line: string) => stderr.write(`${printable(line)}\n`)
  const draw = () => stderr.write(`${renderLine(view(), colour)}\n`)
  const tick = () => {
    cancel = clock.after(lineEvery, tick)
    draw()
  }
  let cancel = clock.after(lineEvery, tick)
  return {
    note: say,
    warn: say,
    end() {
      cancel()
      draw()
    },
  }
}

function liveDisplay({ stdout, stderr, env, clock, onContinue }: Io, view: () => ProgressView): Display {
  const colour = wantsColour(stderr, env)
  const isAscii = !glyphsFor(env).isUnicode
  const write = stderr.write.bind(stderr)
  const frames = new Frames(env)
  let drawnAt = Number.NEGATIVE_INFINITY
  let isOver = false
  // A terminal that does not know its size says 0.
  const width = () => stderr.columns || 80
  const draw = (above = '') => {
    const lines = renderLive(view(), { width: width(), colour, isAscii }, (stderr.rows || 24) - 1)
    const text = frames.next(lines, width(), above)
    if (text !== '') write(text)
    drawnAt = clock.now()
  }
  const terminal = shareTerminal(isTerminal(stdout, env) ? [stdout, stderr] : [stderr], {
    erase() {
      const text = frames.erase(width())
      if (text !== '') write(text)
    },
    // A flood of items would be a flood of blocks.
    restore() {
      if (clock.now() - drawnAt >= leastRedraw) draw()
    },
  })
  const tick = () => {
    cancel = clock.after(redrawEvery, tick)
    // Behind the signals that have come: after Ctrl-Z the block must not be drawn where the shell has written.
    clock.soon(() => {
      if (!isOver && !terminal.isMidLine) draw()
    })
  }
  let cancel = clock.after(redrawEvery, tick)
  // Meanwhile the shell has written below the block.
  const endContinue = onContinue?.(() => {
    frames.forget()
    draw('\r')
  })
  // A line that somebody has begun stays whole: ours comes below it.
  const say = (line: string) => draw(`${terminal.isMidLine ? '\n' : ''}${printable(line)}\n`)
  return {
    note: say,
    warn: say,
    end() {
      isOver = true
      cancel()
      endContinue?.()
      terminal.end()
      draw(terminal.isMidLine ? '\n' : '')
    },
  }
}
