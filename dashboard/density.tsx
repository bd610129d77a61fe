import type { Posterior } from '../src/dashboard/protocol.ts'
import { percent } from './times.tsx'

/**
 * What is believed of a chance of success: the density of Beta(α, β), from 0 to 1. Narrow is certain, wide is unknown. What the
 * sampler draws comes from under this curve.
 */
interface DensityProps extends Posterior {
  readonly width: number
  readonly height: number
  /** With an axis and its mean; without, it is a mark in a row of a table. */
  readonly isLarge?: boolean
}

const points = 120

export function Density({ alpha, beta, width, height, isLarge = false }: DensityProps) {
  const bottom = isLarge ? height - 18 : height - 1
  const curve = densities(alpha, beta)
  const most = Math.max(...curve)
  const x = (share: number) => share * (width - 2) + 1
  const line = curve.map(
    (value, at) => `${round(x(at / points))} ${round(bottom - (value / most) * (bottom - 3))}`,
  )
  const mean = alpha / (alpha + beta)
  const label = `Beta(${alpha.toFixed(1)}, ${beta.toFixed(1)}), mean ${percent(mean)}`
  return (
    <svg
      class="density"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={label}
    >
      {isLarge &&
        [0, 0.25, 0.5, 0.75, 1].map((share) => (
          <g key={share}>
            <path class="grid" d={`M${x(share)} 3V${bottom}`} />
            <text
              x={x(share)}
              y={height - 4}
              text-anchor={share === 0 ? 'start' : share === 1 ? 'end' : 'middle'}
            >
              {share * 100} %
            </text>
          </g>
        ))}
      <path class="area" d={`M${x(0)} ${bottom}L${line.join('L')}L${x(1)} ${bottom}Z`} />
      <path class="curve" d={`M${line.join('L')}`} />
      <path class="mean" d={`M${round(x(mean))} 3V${bottom}`} />
    </svg>
  )
}

/** By logarithms: α and β may be thousands. The ends, where it may be infinite, are left out. */
function densities(alpha: number, beta: number): number[] {
  const logs = Array.from({ length: points + 1 }, (_, at) => {
    const share = Math.min(1 - 0.5 / points, Math.max(0.5 / points, at / points))
    return (alpha - 1) * Math.log(share) + (beta - 1) * Math.log(1 - share)
  })
  // Only the form is shown: the highest point is 1, whatever the area is.
  const most = Math.max(...logs)
  return logs.map((log) => Math.exp(log - most))
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
