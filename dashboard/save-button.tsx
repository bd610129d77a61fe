import { useState } from 'preact/hooks'
import type { Live } from './live.ts'
import { useTopic } from './topic.ts'

/** Keeps the page, with all it shows, as one file that needs no crawler. */
export function SaveButton({ live }: { live: Live }) {
  const { state } = useTopic(live.connection)
  const [isBusy, setBusy] = useState(false)
  if (state === 'saved') return null
  const reason = state === 'live' ? undefined : 'The crawler, which makes the report, cannot be reached.'
  const save = async () => {
    if (isBusy) return
    if (reason !== undefined) return live.notice.set({ text: reason, isFailure: true })
    setBusy(true)
    try {
      const address = URL.createObjectURL(await live.report())
      const link = document.createElement('a')
      link.href = address
      link.download = `regatta-${new Date(live.now()).toISOString().slice(0, 19).replaceAll(':', '-')}.html`
      link.click()
      // The browser has begun to write it by then.
      setTimeout(() => URL.revokeObjectURL(address), 10_000)
      live.notice.set({ text: `Saved as ${link.download}.`, isFailure: false })
    } catch (error) {
      live.notice.set({ text: (error as Error).message, isFailure: true })
    }
    setBusy(false)
  }
  return (
    <button
      type="button"
      class="button"
      aria-disabled={reason !== undefined || isBusy ? 'true' : undefined}
      title={reason ?? 'One file with all that is shown here. It needs no crawler and no network.'}
      onClick={save}
    >
      Save<span class="wide-only"> as a report</span>
    </button>
  )
}
