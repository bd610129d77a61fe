import { formatDuration } from '../src/base/format.ts'

/** Moments and shares as this page writes them. */

/** `14:03:21`, in the reader's own time zone; the whole date where somebody asks. */
export function Moment({ at }: { at: number }) {
  const date = new Date(at)
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString()}>
      {clockTime(date)}
    </time>
  )
}

export function clockTime(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':')
}

/** `98.2 %`; `–` where it is not known. */
export function percent(share: number | null | undefined, digits = 1): string {
  return share === null || share === undefined ? '–' : `${(share * 100).toFixed(digits)} %`
}

export function duration(ms: number | null | undefined): string {
  return formatDuration(ms ?? undefined)
}
