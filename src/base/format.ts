/**
 * Numbers as people read them. Pure, locale-free and of bounded width, so that a line that is redrawn does not jump
 * and a test can compare it.
 */

/** `850 ms`, `12.3 s`, `4 min 05 s`, `1 h 02 min`. `undefined` is `–`. */
export function formatDuration(ms: number | undefined): string {
  if (ms === undefined) return '–'
  if (ms < 999.5) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`
  return `${Math.floor(minutes / 1_440)} d ${pad(Math.floor((minutes % 1_440) / 60))} h`
}

/** `512 B`, `1.5 kB`, `12 MB`: decimal units, as traffic is billed. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000
    unit++
  }
  const digits = unit === 0 || value >= 9.95 ? 0 : 1
  return `${value.toFixed(digits)} ${units[unit]}`
}

/** `1,234,567`. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en')
}

/** A rate per second: `0.4/s`, `12.3/s`, `1,234/s`. */
export function formatRate(perSecond: number): string {
  return `${perSecond >= 99.95 ? formatCount(perSecond) : perSecond.toFixed(1)}/s`
}

/** `1 page`, `3 pages`. */
export function counted(value: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(value)} ${Math.round(value) === 1 ? singular : plural}`
}

function pad(value: number): string {
  return String(value).padStart(2, '0')
}
