import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { colour, palette } from './theme.ts'
import { clockTime } from './times.tsx'
import { useTopic } from './topic.ts'

/** Some lines over time. What the eye sees is a canvas; its name says how things stand now, for those who do not see it. */
export interface Line {
  readonly name: string
  /** A variable of the style. */
  readonly colour: string
  readonly values: readonly (number | null)[]
  readonly dash?: readonly number[]
  readonly isFilled?: boolean
}

interface TimeChartProps {
  readonly title: string
  /** Wall clock in ms. */
  readonly at: readonly number[]
  readonly lines: readonly Line[]
  readonly format: (value: number | null | undefined) => string
  /** The top of the scale, where it is always the same. */
  readonly max?: number
}

const height = 128

export function TimeChart({ title, at, lines, format, max }: TimeChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  const colours = useTopic(palette)
  const names = lines.map(({ name }) => name).join()
  useEffect(() => {
    const own = place.current!
    const made = new uPlot(options(own.clientWidth, lines, format, max), dataOf(at, lines), own)
    plot.current = made
    const watch = new ResizeObserver(() => made.setSize({ width: own.clientWidth, height }))
    watch.observe(own)
    return () => {
      watch.disconnect()
      made.destroy()
    }
  }, [colours, names])
  useEffect(() => plot.current?.setData(dataOf(at, lines)), [at])
  const last = (line: Line) => format(line.values.findLast((value) => value !== null))
  return (
    <figure class="chart-card">
      <figcaption>
        <h3>{title}</h3>
        <ul class="key">
          {lines.map((line) => (
            <li key={line.name}>
              <svg
                width="14"
                height="8"
                viewBox="0 0 14 8"
                aria-hidden="true"
                class={`stroke ${line.colour}`}
              >
                <path d="M0 4H14" stroke-dasharray={line.dash?.join(' ')} />
              </svg>
              {line.name} <b>{last(line)}</b>
            </li>
          ))}
        </ul>
      </figcaption>
      <div
        class="plot"
        ref={place}
        role="img"
        aria-label={`${title} over time; now ${lines.map((line) => `${line.name} ${last(line)}`).join(', ')}`}
      />
    </figure>
  )
}

function dataOf(at: readonly number[], lines: readonly Line[]): uPlot.AlignedData {
  return [at.map((each) => each / 1_000), ...lines.map(({ values }) => [...values])]
}

function options(
  width: number,
  lines: readonly Line[],
  format: TimeChartProps['format'],
  max: number | undefined,
): uPlot.Options {
  const axis = {
    stroke: colour('quiet'),
    font: '11px system-ui,"DejaVu Sans",sans-serif',
    grid: { stroke: colour('grid'), width: 1 },
    ticks: { show: false },
  }
  return {
    width: Math.max(width, 60),
    height,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { points: { size: 6 }, drag: { setScale: false, x: false, y: false }, sync: { key: 'time' } },
    scales: { y: { range: (_plot, _least, most) => [0, max ?? top(most)] } },
    series: [
      {},
      ...lines.map((line) => ({
        label: line.name,
        stroke: colour(line.colour),
        width: 1.5,
        ...(line.dash ? { dash: [...line.dash] } : {}),
        ...(line.isFilled ? { fill: colour(`${line.colour}-wash`) } : {}),
        points: { show: false },
      })),
    ],
    axes: [
      {
        ...axis,
        size: 24,
        space: 72,
        values: (_plot, splits) => splits.map((seconds) => clockTime(new Date(seconds * 1_000))),
      },
      { ...axis, size: 52, space: 26, values: (_plot, splits) => splits.map((value) => format(value)) },
    ],
    hooks: { setCursor: [say(lines, format)] },
  }
}

/** What the lines were at the moment under the pointer stands in the title of the plot. */
function say(lines: readonly Line[], format: TimeChartProps['format']): (plot: uPlot) => void {
  return (plot) => {
    const index = plot.cursor.idx
    const seconds = index === null || index === undefined ? undefined : plot.data[0][index]
    plot.root.title =
      seconds === undefined
        ? ''
        : `${clockTime(new Date(seconds * 1_000))}  ${lines.map(({ name }, at) => `${name} ${format(plot.data[at + 1]![index!])}`).join(', ')}`
  }
}

/** A little room above the highest value; something to see where all are 0. */
function top(most: number): number {
  return most > 0 ? most * 1.1 : 1
}
