import { Parser } from 'htmlparser2'
import { describe, expect, it } from 'vitest'
import { drawBars, formatFigure, type Panel } from '../../bench/plot.ts'

const speed: Panel = {
  title: 'Speed',
  unit: 'pages/s',
  better: 'higher',
  bars: [
    { label: 'ours', value: 200, isOurs: true },
    { label: 'theirs', value: 50, isFaded: true },
    { label: 'absent', value: undefined, note: 'not installed' },
  ],
}
const latency: Panel = { title: 'Latency', unit: 'ms', better: 'lower', bars: [{ label: 'ours', value: 3 }] }

function draw(panels: readonly Panel[] = [speed, latency]): string {
  return drawBars({ title: 'A <b> & "c"', panels, caption: ['2 × a & b'] })
}

/** Elements with their attributes; throws where a tag is left open or closed twice. */
function elementsOf(svg: string): { name: string; attributes: Record<string, string> }[] {
  const elements: { name: string; attributes: Record<string, string> }[] = []
  const open: string[] = []
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        open.push(name)
        elements.push({ name, attributes })
      },
      onclosetag(name, isImplied) {
        const expected = open.pop()
        const mayCloseItself = name === 'rect' || name === 'line'
        if (expected !== name || (isImplied && !mayCloseItself))
          throw new Error(`<${expected}> is not closed`)
      },
    },
    { xmlMode: true },
  )
  parser.end(svg)
  expect(open).toEqual([])
  return elements
}

function barsOf(svg: string) {
  return elementsOf(svg).filter(
    ({ name, attributes }) => name === 'rect' && /ours|theirs/.test(attributes.class!),
  )
}

describe('a picture of bars', () => {
  it('is well formed whatever its words hold', () => {
    const svg = draw()
    expect(elementsOf(svg)[0]?.name).toBe('svg')
    expect(svg).toContain('A &lt;b&gt; &amp; "c"')
    expect(svg.match(/&(?!amp;|lt;|gt;)/g)).toBeNull()
  })

  it('would not pass with a tag left open', () => {
    expect(() => elementsOf(draw().replace('</text>', ''))).toThrow()
  })

  it('draws bars as long as their figures say, each panel by its own scale', () => {
    const lengths = barsOf(draw()).map(({ attributes }) => Number(attributes.width))
    expect(lengths).toHaveLength(3)
    expect(lengths[0]! / lengths[1]!).toBeCloseTo(4, 2)
    expect(lengths[2]).toBe(lengths[0])
  })

  it('keeps every bar inside the picture', () => {
    const svg = draw()
    const { width, height } = elementsOf(svg)[0]!.attributes
    for (const { attributes } of barsOf(svg)) {
      expect(Number(attributes.x) + Number(attributes.width)).toBeLessThan(Number(width))
      expect(Number(attributes.y) + Number(attributes.height)).toBeLessThan(Number(height))
    }
  })

  it('says why a figure is missing instead of drawing a zero', () => {
    const svg = draw()
    expect(svg).toContain('not installed')
    expect(svg).not.toContain('>0</text>')
  })

  it('survives a panel without any figure', () => {
    const svg = draw([{ ...speed, bars: [{ label: 'absent', value: undefined }] }])
    expect(svg).not.toMatch(/NaN|Infinity/)
    expect(barsOf(svg)).toHaveLength(0)
  })

  it('has colours for dark readers', () => {
    expect(draw()).toContain('prefers-color-scheme: dark')
  })

  it('prints three significant digits', () => {
    expect([0, 0.0512, 1.2345, 99.44, 1234.5].map(formatFigure)).toEqual([
      '0',
      '0.0512',
      '1.23',
      '99.4',
      '1,235',
    ])
  })
})
