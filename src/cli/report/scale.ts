/** From values to places on a plot, with ticks at round numbers. Every scale of an amount begins at zero. */
export interface Scale {
  readonly most: number
  readonly ticks: readonly number[]
  /** Share of the length, in [0, 1]. */
  at(value: number): number
}

/** From zero to a round number at or above `most`. */
export function scaleTo(most: number, wanted = 4): Scale {
  const step = roundStep(most > 0 ? most / wanted : 1 / wanted)
  const count = Math.max(1, Math.ceil(most / step - 1e-9))
  const ticks = Array.from({ length: count + 1 }, (_, at) => Number((at * step).toPrecision(12)))
  const end = ticks.at(-1)!
  return { most: end, ticks, at: (value) => Math.min(1, Math.max(0, value / end)) }
}

/** 1, 2 or 5 times a power of ten. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  for (const factor of [1, 2, 5, 10]) if (factor * power >= least * (1 - 1e-9)) return factor * power
  return power * 10
}

const timeSteps = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
]

/** Of times since the start, in ms; ticks at round seconds, minutes and hours. */
export function timeScale(mostMs: number, wanted = 8): Scale {
  const seconds = Math.max(0.001, mostMs / 1_000)
  const step =
    timeSteps.find((each) => seconds / each <= wanted) ?? Math.ceil(seconds / wanted / 86_400) * 86_400
  const ticks: number[] = []
  for (let at = 0; at <= seconds + 1e-9; at += step) ticks.push(at * 1_000)
  return { most: mostMs, ticks, at: (value) => Math.min(1, Math.max(0, value / Math.max(1, mostMs))) }
}

/** `0`, `30 s`, `1:15 min`, `5 min`, `1:30 h`, `2 h`, `3 d`. */
export function timeTick(ms: number): string {
  const seconds = Math.round(ms / 1_000)
  if (seconds === 0) return '0'
  if (seconds % 86_400 === 0) return `${seconds / 86_400} d`
  if (seconds % 3_600 === 0) return `${seconds / 3_600} h`
  if (seconds > 3_600 && seconds % 60 === 0) {
    return `${Math.floor(seconds / 3_600)}:${String((seconds / 60) % 60).padStart(2, '0')} h`
  }
  if (seconds % 60 === 0) return `${seconds / 60} min`
  return seconds > 60
    ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} min`
    : `${seconds} s`
}

/** At most three figures. */
export function plain(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)))
}
