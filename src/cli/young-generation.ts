import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { ifStillAliveAfter } from '../base/clock.ts'

/**
 * Where memory is plenty V8 lets its room for short-lived objects grow to several times 32 MB, and a crawl fills it with pages that
 * have been read. A quarter of that takes a few hundredths more CPU and a quarter off the peak of the process. V8 reads
 * `--max-semi-space-size` before a program begins, but how fast the room grows each time it does: so its growth ends when
 * it is large enough.
 */
const enough = 16 * 1024 * 1024
const lookEvery = 50
/** A minute: a command that has not needed the room by then does not need it. */
const mostLooks = 1_200

export function boundYoungGeneration(): void {
  let looks = 0
  const look = () => {
    const room = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size
    if (room === undefined || ++looks > mostLooks) return
    if (room >= enough) setFlagsFromString('--semi-space-growth-factor=1')
    else ifStillAliveAfter(lookEvery, look)
  }
  ifStillAliveAfter(lookEvery, look)
}
