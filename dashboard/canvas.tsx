import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

/** A canvas as wide as its place and as sharp as the screen, with a tip beside the pointer. */
export interface Sheet {
  readonly context: CanvasRenderingContext2D
  /** In pixels of the style. */
  readonly width: number
  readonly height: number
  /** Pixels of the screen for one of the style. */
  readonly ratio: number
}

interface CanvasProps {
  readonly label: string
  /** How high it must be for this width. */
  readonly heightFor: (width: number) => number
  /** Drawn again when one of these has changed. */
  readonly when: readonly unknown[]
  readonly draw: (sheet: Sheet) => void
  /** What lies under a point, if anything does. */
  readonly find: (x: number, y: number) => number | undefined
  readonly tip: (found: number) => ComponentChildren
  readonly choose: (found: number) => void
  /** How long after a change it is drawn, ms. */
  readonly delayMs: number
}

export function Canvas({ label, heightFor, when, draw, find, tip, choose, delayMs }: CanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [width, setWidth] = useState(0)
  const [hover, setHover] = useState<{ found: number; x: number; y: number } | undefined>(undefined)
  useEffect(() => {
    const place = canvas.current!.parentElement!
    const watch = new ResizeObserver(() => setWidth(place.clientWidth))
    watch.observe(place)
    return () => watch.disconnect()
  }, [])
  const height = width === 0 ? 0 : heightFor(width)
  useEffect(() => {
    if (width === 0) return
    // Two canvases and a list follow the fleet: each draws in a task of its own, so that none makes a frame late.
    const timer = setTimeout(() => {
      const ratio = Math.min(2, devicePixelRatio || 1)
      const own = canvas.current
      if (!own) return
      own.width = Math.round(width * ratio)
      own.height = Math.round(height * ratio)
      draw({ context: own.getContext('2d', { willReadFrequently: true })!, width, height, ratio })
    }, delayMs)
    return () => clearTimeout(timer)
  }, [width, height, ...when])
  const at = (event: MouseEvent) => {
    const { left, top } = canvas.current!.getBoundingClientRect()
    return [event.clientX - left, event.clientY - top] as const
  }
  return (
    <div class="canvas-place">
      {/* What a click does, the list below does with the keyboard. */}
      <canvas
        ref={canvas}
        role="img"
        aria-label={label}
        style={{ height: `${height}px` }}
        class={hover ? 'over' : undefined}
        onMouseMove={(event) => {
          const [x, y] = at(event)
          const found = find(x, y)
          setHover(found === undefined ? undefined : { found, x, y })
        }}
        onMouseLeave={() => setHover(undefined)}
        onClick={(event) => {
          const found = find(...at(event))
          if (found !== undefined) choose(found)
        }}
      />
      {hover && (
        <div
          class="tip"
          style={{
            left: `${Math.min(hover.x + 12, Math.max(0, width - 230))}px`,
            top: `${hover.y + 14}px`,
          }}
        >
          {tip(hover.found)}
        </div>
      )}
    </div>
  )
}
