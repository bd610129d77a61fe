import type { Output } from './io.ts'

/**
 * Lets others write to the terminal on which a block is redrawn in place: the items of `--out -`, a `console.log` in a
 * source, a warning of Node. Each of them would land inside the block, and the next redraw would erase it. So the `write` of
 * the streams is replaced while the block stands: the block goes away, what others write is written, and the block comes
 * back when their line is whole.
 */
export interface SharedTerminal {
  /** Somebody's line is not whole yet: nothing may be drawn. */
  readonly isMidLine: boolean
  /** Gives the streams their own `write` back. */
  end(): void
}

export interface Block {
  /** Takes it off the screen. */
  erase(): void
  /** Puts it back. */
  restore(): void
}

type Write = (this: Output, chunk: unknown, ...rest: unknown[]) => unknown

export function shareTerminal(streams: readonly Output[], block: Block): SharedTerminal {
  let isMidLine = false
  const wrap = (stream: Output): (() => void) => {
    const own = Object.getOwnPropertyDescriptor(stream, 'write')
    const write = stream.write as Write
    const shared: Write = (chunk, ...rest) => {
      block.erase()
      try {
        return write.call(stream, chunk, ...rest)
      } finally {
        isMidLine = !endsLine(chunk, isMidLine)
        if (!isMidLine) block.restore()
      }
    }
    Object.defineProperty(stream, 'write', { value: shared, configurable: true, writable: true })
    return () => {
      if (own) Object.defineProperty(stream, 'write', own)
      else Reflect.deleteProperty(stream, 'write')
    }
  }
  // stdout and stderr may be one stream.
  const ends = [...new Set(streams)].map(wrap)
  return {
    get isMidLine() {
      return isMidLine
    },
    end() {
      for (const end of ends) end()
    },
  }
}

/** An empty chunk changes nothing. */
function endsLine(chunk: unknown, wasMidLine: boolean): boolean {
  if (typeof chunk === 'string') return chunk === '' ? !wasMidLine : chunk.endsWith('\n')
  if (chunk instanceof Uint8Array) return chunk.length === 0 ? !wasMidLine : chunk.at(-1) === 10
  return true
}
