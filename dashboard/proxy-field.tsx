import { formatCount } from '../src/base/format.ts'
import { Canvas, type Sheet } from './canvas.tsx'
import type { Fleet, Kind } from './fleet.ts'
import { kinds, kindWords } from './fleet.ts'
import { ProxyTip } from './proxy-tip.tsx'
import { go } from './route.ts'
import { Pixels, sprite } from './sprites.ts'

/** Each proxy as a shape in its own place, in the order of the list: what is wrong with a fleet of 10,000 is a pattern. */
interface FieldProps {
  readonly fleet: Fleet
  readonly version: number
  readonly palette: number
  /** Rows that match the filter; the others are faint. Undefined: all do. */
  readonly chosen: ReadonlySet<number> | undefined
  readonly counts: Readonly<Record<Kind, number>>
}

const largest = 18
const smallest = 6
/** On a narrow screen, where 6 would make the field many screens high. */
const smallestNarrow = 4
const wantedHeight = 400

export function ProxyField({ fleet, version, palette, chosen, counts }: FieldProps) {
  let cell = largest
  let columns = 1
  const measure = (width: number) => {
    cell = largest
    const least = width < 480 ? smallestNarrow : smallest
    while (cell > least && Math.ceil(fleet.size / Math.floor(width / cell)) * cell > wantedHeight) cell--
    columns = Math.max(1, Math.floor(width / cell))
  }
  const draw = ({ context, width, ratio }: Sheet) => {
    measure(width)
    const size = Math.max(1, Math.round((cell - 1) * ratio))
    const pixels = new Pixels(context)
    for (let row = 0; row < fleet.size; row++) {
      if (fleet.isGone(row)) continue
      const opacity = chosen === undefined || chosen.has(row) ? 1 : 0.16
      const [x, y] = [(row % columns) * cell, Math.floor(row / columns) * cell]
      pixels.put(
        sprite(fleet.kind(row), size, palette, opacity),
        Math.round(x * ratio),
        Math.round(y * ratio),
      )
    }
    pixels.show()
  }
  const words = kinds
    .filter((kind) => counts[kind] > 0)
    .map((kind) => `${formatCount(counts[kind])} ${kindWords[kind]}`)
    .join(', ')
  return (
    <Canvas
      label={`All proxies by their state: ${words}. The list below has each.`}
      heightFor={(width) => {
        measure(width)
        return Math.ceil(fleet.size / columns) * cell
      }}
      delayMs={20}
      when={[version, palette, chosen]}
      draw={draw}
      find={(x, y) => {
        const row = Math.floor(y / cell) * columns + Math.floor(x / cell)
        return x < columns * cell && row < fleet.size && !fleet.isGone(row) ? row : undefined
      }}
      tip={(row) => <ProxyTip fleet={fleet} row={row} />}
      choose={(row) => go('proxy', { id: fleet.id(row) })}
    />
  )
}
