import { type Io, isTerminal, wantsColour } from './io.ts'
import type { ProgressView } from './progress.ts'
import { printable, renderLine, renderLive } from './render.ts'
import { shareTerminal } from './shared-terminal.ts'

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

function plainDisplay({ stderr, clock }: Io, view: () => ProgressView): Display {
  const say = (line: string) => stderr.write(`${printable(line)}\n`)
  const tick = () => {
    cancel = clock.after(lineEvery, tick)
    say(renderLine(view()))
  }
  let cancel = clock.after(lineEvery, tick)
  return {
    note: say,
    warn: say,
    end() {
      cancel()
      say(renderLine(view()))
    },
  }
}

function liveDisplay({ stdout, stderr, env, clock }: Io, view: () => ProgressView): Display {
  const colour = wantsColour(stderr, env)
  const write = stderr.write.bind(stderr)
  let drawn = 0
  let drawnAt = Number.NEGATIVE_INFINITY
  const erase = () => (drawn === 0 ? '' : `\r\u001b[${drawn}A\u001b[0J`)
  const draw = (above = '') => {
    // A terminal that does not know its width says 0.
    const lines = renderLive(view(), { width: stderr.columns || 80, colour })
    // One write: the terminal never shows a half-drawn block.
    write(`${erase()}${above}${lines.join('\n')}\n`)
    drawn = lines.length
    drawnAt = clock.now()
  }
  const terminal = shareTerminal(isTerminal(stdout, env) ? [stdout, stderr] : [stderr], {
    erase() {
      if (drawn > 0) write(erase())
      drawn = 0
    },
    // A flood of items would be a flood of blocks.
    restore() {
      if (clock.now() - drawnAt >= leastRedraw) draw()
    },
  })
  const tick = () => {
    cancel = clock.after(redrawEvery, tick)
    if (!terminal.isMidLine) draw()
  }
  let cancel = clock.after(redrawEvery, tick)
  // A line that somebody has begun stays whole: ours comes below it.
  const say = (line: string) => draw(`${terminal.isMidLine ? '\n' : ''}${printable(line)}\n`)
  return {
    note: say,
    warn: say,
    end() {
      cancel()
      terminal.end()
      draw(terminal.isMidLine ? '\n' : '')
    },
  }
}
