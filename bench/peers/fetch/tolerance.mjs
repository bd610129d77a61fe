/** Node's own fetch: one page, its redirects, `response.text()`. It keeps no cookies and reads no links. */
import { onStage } from '../shared/stage.mjs'

await onStage(`fetch of node ${process.versions.node}`, async ({ cases, capMs }) => {
  const got = []
  const notes = {}
  const one = async ({ id, start, needs, marker }) => {
    if (needs !== 'page' && needs !== 'text') return
    try {
      const response = await fetch(start, { signal: AbortSignal.timeout(capMs) })
      const text = await response.text()
      if (text.includes(marker)) got.push(id)
      else notes[id] = `${response.status} ${text.slice(0, 60)}`
    } catch (error) {
      notes[id] = String(error.cause ?? error)
    }
  }
  await Promise.all(cases.map(one))
  return { got, notes }
})
