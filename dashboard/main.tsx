import { render } from 'preact'
import type { SavedPage } from '../src/dashboard/protocol.ts'
import { App } from './app.tsx'
import { Live } from './live.ts'
import { applyTheme } from './theme.ts'

/** The dashboard's page: it follows the crawler that served it, or shows what was saved in it. */
const token = new URLSearchParams(location.search).get('token') ?? ''
const saved = document.getElementById('regatta-saved')?.textContent
const live = new Live(token, saved ? (JSON.parse(saved) as SavedPage) : undefined)
applyTheme()
render(<App live={live} />, document.getElementById('app')!)
void live.follow()
