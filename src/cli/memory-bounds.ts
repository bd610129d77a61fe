import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { ifStillAliveAfter } from '../base/clock.ts'

/**
 * Where memory is plenty V8 lets garbage lie that a crawl makes by the page. Two bounds, for a process that is ours alone:
 *
 * - Its room for short-lived objects grows to several times 32 MB, and a crawl fills it with pages that have been read. A quarter
 *   of that takes a few hundredths more CPU and a quarter off the peak of the process. V8 reads `--max-semi-space-size` before a
 *   program begins, but how fast the room grows each time it does: so its growth ends when it is large enough.
 * - What has outlived two small collections waits for a full one, and that comes when there is up to four times as much as was
 *   left by the last. It comes at 170 %: its cost grows with what is alive, and so does the time to the next.
 *
 * A command that does not work so much never gets there, and begins without the cost of a changed flag, for which Node compiles
 * its own modules anew.
 */
const enough = 16 * 1024 * 1024
const growthPercent = 70
const lookEvery = 50
/** A minute: a command that has not needed the room by then does not need it. */
const mostLooks = 1_200

export function boundMemory(): void {
  let looks = 0
  const look = () => {
    const room = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size
    if (room === undefined || ++looks > mostLooks) return
    if (room < enough) return ifStillAliveAfter(lookEvery, look)
    setFlagsFromString('--semi-space-growth-factor=1')
    setFlagsFromString(`--heap-growing-percent=${growthPercent}`)
  }
  ifStillAliveAfter(lookEvery, look)
}
