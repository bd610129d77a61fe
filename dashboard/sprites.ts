import type { Kind, kinds } from './fleet.ts'
import { kindColours, kindShapes } from './signs.tsx'
import { colour } from './theme.ts'

/**
 * The shapes of the states as small pictures, drawn once for each size and theme: to put ten thousand of them on a canvas is then
 * a copy each, and takes a few milliseconds.
 */
const made = new Map<string, HTMLCanvasElement>()
let madeFor = -1

export function sprite(kind: Kind, size: number, palette: number, isFaint = false): HTMLCanvasElement {
  if (madeFor !== palette) {
    made.clear()
    madeFor = palette
  }
  const key = `${kind} ${size} ${isFaint}`
  let picture = made.get(key)
  if (!picture) {
    picture = draw(kind, size, isFaint)
    made.set(key, picture)
  }
  return picture
}

function draw(kind: Kind, size: number, isFaint: boolean): HTMLCanvasElement {
  const picture = document.createElement('canvas')
  picture.width = size
  picture.height = size
  const context = picture.getContext('2d')!
  context.scale(size / 12, size / 12)
  context.globalAlpha = isFaint ? 0.16 : 1
  context.fillStyle = colour(kindColours[kind])
  context.fill(new Path2D(kindShapes[kind]), 'evenodd')
  return picture
}

/** Those that need a look are drawn last, above the others. */
export const drawingOrder = [
  'untried',
  'retired',
  'working',
  'halfOpen',
  'open',
  'failing',
  'isolated',
] as const satisfies typeof kinds extends readonly (infer Each)[] ? readonly Each[] : never
