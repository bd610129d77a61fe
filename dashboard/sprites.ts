import type { Kind } from './fleet.ts'
import { kindColours, kindShapes } from './signs.tsx'
import { colour } from './theme.ts'

/**
 * The shapes of the states as pixels, drawn once for each size and theme, and put together by hand: a canvas takes 50 ms and more
 * for ten thousand calls of `drawImage`, and copying their pixels takes 2.
 */
export interface Sprite {
  readonly size: number
  /** RGBA, a number each, as ImageData has them. */
  readonly pixels: Uint32Array
}

const made = new Map<string, Sprite>()
let madeFor = -1

export function sprite(kind: Kind, size: number, palette: number, opacity: number): Sprite {
  if (madeFor !== palette) {
    made.clear()
    madeFor = palette
  }
  const key = `${kind} ${size} ${opacity}`
  let picture = made.get(key)
  if (!picture) {
    picture = draw(kind, size, opacity)
    made.set(key, picture)
  }
  return picture
}

function draw(kind: Kind, size: number, opacity: number): Sprite {
  const canvas = document.createElement('canvas')
  canvas.width = size
  canvas.height = size
  const context = canvas.getContext('2d', { willReadFrequently: true })!
  context.scale(size / 12, size / 12)
  context.globalAlpha = opacity
  context.fillStyle = colour(kindColours[kind])
  context.fill(new Path2D(kindShapes[kind]), 'evenodd')
  return { size, pixels: new Uint32Array(context.getImageData(0, 0, size, size).data.buffer) }
}

/** What is on a canvas, as pixels that sprites are put on. */
export class Pixels {
  readonly #context: CanvasRenderingContext2D
  readonly #image: ImageData
  readonly #pixels: Uint32Array

  constructor(context: CanvasRenderingContext2D) {
    this.#context = context
    this.#image = context.getImageData(0, 0, context.canvas.width, context.canvas.height)
    this.#pixels = new Uint32Array(this.#image.data.buffer)
  }

  /** Its top left corner is at (x, y); what lies outside is cut off. */
  put({ size, pixels }: Sprite, x: number, y: number): void {
    const { width, height } = this.#image
    const [fromX, toX] = [Math.max(0, -x), Math.min(size, width - x)]
    const [fromY, toY] = [Math.max(0, -y), Math.min(size, height - y)]
    for (let row = fromY; row < toY; row++) {
      const base = (y + row) * width + x
      for (let column = fromX; column < toX; column++) {
        const above = pixels[row * size + column]!
        if (above >>> 24 === 0) continue
        const below = this.#pixels[base + column]!
        this.#pixels[base + column] = above >>> 24 === 255 || below >>> 24 === 0 ? above : blend(above, below)
      }
    }
  }

  show(): void {
    this.#context.putImageData(this.#image, 0, 0)
  }
}

/** One colour over another, as the standard of compositing has it. */
function blend(above: number, below: number): number {
  const alpha = above >>> 24
  const rest = ((below >>> 24) * (255 - alpha)) / 255
  const sum = alpha + rest
  const mix = (shift: number) =>
    Math.round((((above >>> shift) & 255) * alpha + ((below >>> shift) & 255) * rest) / sum) << shift
  return (mix(0) | mix(8) | mix(16) | (Math.round(sum) << 24)) >>> 0
}
