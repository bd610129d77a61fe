import process from 'node:process'

/** Whether the environment asks tests to write what they expect (`REGATTA_UPDATE=1`), as snapshots of test runners are. */
export function wantsUpdate(): boolean {
  const value = process.env.REGATTA_UPDATE
  return value !== undefined && value !== '' && value !== '0' && value !== 'false'
}
