import process from 'node:process'
import { parseArgs } from 'node:util'
import { systemClock } from '../src/base/clock.ts'
import { serveDashboard } from '../src/dashboard/serve-dashboard.ts'
import { DemoView } from './dashboard/demo-view.ts'

/**
 * The dashboard over a fleet that is made up, for those who work on the page:
 *
 *   node scripts/dashboard-demo.ts [--proxies 10000] [--state running] [--port 9470] [--token dashboard-demo-0]
 *
 * States: empty (nothing was begun), running, paused, ended, failed. `folder` shows what `regatta dashboard DIR` does without
 * a process: no buttons. It prints the page's address; the token may be chosen, so that a reload after a restart works.
 */
const { values } = parseArgs({
  options: {
    proxies: { type: 'string', default: '10000' },
    state: { type: 'string', default: 'running' },
    port: { type: 'string', default: '9470' },
    token: { type: 'string', default: 'dashboard-demo-0' },
  },
})
const view = new DemoView(Number(values.proxies), values.state, systemClock)
const { url } = await serveDashboard(view, { port: Number(values.port), token: values.token })
process.stdout.write(`${url}\n`)
view.live()
