import { Canvas, type Sheet } from './canvas.tsx'
import type { Fleet, Kind } from './fleet.ts'
import { ProxyTip } from './proxy-tip.tsx'
import { go } from './route.ts'
import { Pixels, sprite } from './sprites.ts'
import { colour } from './theme.ts'

/**
 * Success against latency, as large as the share of the attempts: good ones are at the top left, and what stands alone is worth a
 * look. Latency by its logarithm, because it spans from 20 ms to a minute. Those without an answer have no latency, and no place here.
 */
interface ScatterProps {
  readonly fleet: Fleet
  readonly version: number
  readonly palette: number
  readonly chosen: ReadonlySet<number> | undefined
}

const left = 44
const bottom = 34
const top = 8
const right = 10
const ticksMs = [10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000]
const near = 8

export function ProxyScatter({ fleet, version, palette, chosen }: ScatterProps) {
  let size = { width: 1, height: 1 }
  const range = latencyRange(fleet)
  const x = (ms: number) =>
    left + (Math.log(ms / range.least) / Math.log(range.most / range.least)) * (size.width - left - right)
  const y = (share: number) => top + (1 - share) * (size.height - top - bottom)
  const draw = (sheet: Sheet) => {
    size = sheet
    const { context, ratio, width, height } = sheet
    context.scale(ratio, ratio)
    drawAxes(context, width, height, range, x, y)
    context.setTransform(1, 0, 0, 1, 0, 0)
    const sizeOf = sizes(fleet)
    const pixels = new Pixels(context)
    for (const row of worstLast(fleet)) {
      const wide = Math.round(sizeOf(row) * ratio)
      const opacity = chosen === undefined || chosen.has(row) ? 0.75 : 0.12
      const left = x(Math.max(1, fleet.latencyMs(row))) * ratio - wide / 2
      const top = y(fleet.success(row)) * ratio - wide / 2
      pixels.put(sprite(fleet.kind(row), wide, palette, opacity), Math.round(left), Math.round(top))
    }
    pixels.show()
  }
  return (
    <Canvas
      label="Success of each proxy against its latency, as large as its share of the attempts. The list below has the numbers."
      heightFor={(width) => {
        size = { width, height: Math.max(280, Math.min(500, width)) }
        return size.height
      }}
      delayMs={120}
      when={[version, palette, chosen]}
      draw={draw}
      find={(atX, atY) => {
        let best: number | undefined
        let least = near
        for (let row = 0; row < fleet.size; row++) {
          if (fleet.isGone(row) || fleet.latencyMs(row) < 0) continue
          const away = Math.hypot(x(Math.max(1, fleet.latencyMs(row))) - atX, y(fleet.success(row)) - atY)
          if (away < least) [best, least] = [row, away]
        }
        return best
      }}
      tip={(row) => <ProxyTip fleet={fleet} row={row} />}
      choose={(row) => go('proxy', { id: fleet.id(row) })}
    />
  )
}

/** Rows that have a place, those that need a look last: they lie above the others. */
function worstLast(fleet: Fleet): number[] {
  const rows: number[][] = drawingOrder.map(() => [])
  for (let row = 0; row < fleet.size; row++) {
    if (!fleet.isGone(row) && fleet.latencyMs(row) >= 0)
      rows[drawingOrder.indexOf(fleet.kind(row))]!.push(row)
  }
  return rows.flat()
}

const drawingOrder: readonly Kind[] = [
  'untried',
  'retired',
  'working',
  'halfOpen',
  'open',
  'failing',
  'isolated',
]

interface Range {
  readonly least: number
  readonly most: number
}

/** From a tick to a tick. */
function latencyRange(fleet: Fleet): Range {
  let [least, most] = [Infinity, 0]
  for (let row = 0; row < fleet.size; row++) {
    const ms = fleet.latencyMs(row)
    if (ms < 0 || fleet.isGone(row)) continue
    least = Math.min(least, Math.max(1, ms))
    most = Math.max(most, ms)
  }
  if (most === 0) return { least: 30, most: 3_000 }
  return {
    least: ticksMs.findLast((tick) => tick <= least) ?? 1,
    most: ticksMs.find((tick) => tick >= most && tick > least) ?? most,
  }
}

/** The area follows the share; the busiest is 16 wide, less where there are many, and none is too small to be seen. */
function sizes(fleet: Fleet): (row: number) => number {
  let most = 1
  for (let row = 0; row < fleet.size; row++) most = Math.max(most, fleet.attemptsOf(row))
  const widest = fleet.size > 2_000 ? 10 : 16
  return (row) => Math.max(4, Math.round(widest * Math.sqrt(fleet.attemptsOf(row) / most)))
}

function drawAxes(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  range: Range,
  x: (ms: number) => number,
  y: (share: number) => number,
): void {
  context.font = '11px system-ui,"DejaVu Sans",sans-serif'
  context.fillStyle = colour('quiet')
  context.strokeStyle = colour('grid')
  context.textAlign = 'right'
  context.textBaseline = 'middle'
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    line(context, left, y(share), width - right, y(share))
    context.fillText(`${share * 100} %`, left - 6, y(share))
  }
  context.textAlign = 'center'
  context.textBaseline = 'top'
  for (const ms of ticksMs) {
    if (ms < range.least || ms > range.most) continue
    line(context, x(ms), top, x(ms), height - bottom)
    const word = ms >= 1_000 ? `${ms / 1_000} s` : `${ms} ms`
    // The words at the ends stay inside.
    const wide = context.measureText(word).width / 2
    context.fillText(word, Math.min(x(ms), width - wide), height - bottom + 5)
  }
  context.fillText('to the first byte', (left + width - right) / 2, height - 13)
}

function line(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  context.beginPath()
  context.moveTo(x1, Math.round(y1) + 0.5)
  context.lineTo(x2, Math.round(y2) + 0.5)
  context.stroke()
}
