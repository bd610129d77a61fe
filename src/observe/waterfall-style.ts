/** Colours of the picture; one set for light paper and one for dark. Written out, because not every viewer knows CSS variables. */
interface Palette {
  readonly paper: string
  readonly ink: string
  readonly quiet: string
  readonly grid: string
  readonly good: string
  readonly bad: string
  readonly wait: string
  readonly dial: string
  readonly handshake: string
  readonly tls: string
  readonly headers: string
  readonly body: string
  readonly decode: string
}

const light: Palette = {
  paper: '#fff',
  ink: '#1b1f24',
  quiet: '#6b7280',
  grid: '#e5e7eb',
  good: '#15803d',
  bad: '#b91c1c',
  wait: '#9ca3af',
  dial: '#0ea5e9',
  handshake: '#6366f1',
  tls: '#a855f7',
  headers: '#f59e0b',
  body: '#10b981',
  decode: '#64748b',
}

const dark: Palette = {
  paper: '#14171b',
  ink: '#e6e8eb',
  quiet: '#9aa3af',
  grid: '#2a2f36',
  good: '#4ade80',
  bad: '#f87171',
  wait: '#6b7280',
  dial: '#38bdf8',
  handshake: '#818cf8',
  tls: '#c084fc',
  headers: '#fbbf24',
  body: '#34d399',
  decode: '#94a3b8',
}

function coloursOf(palette: Palette): string {
  const { paper, ink, quiet, grid, good, bad, wait, dial, handshake, tls, headers, body, decode } = palette
  return `text{fill:${ink}}.paper{fill:${paper}}.quiet,.tick{fill:${quiet}}.good{fill:${good}}.bad{fill:${bad}}
.grid{stroke:${grid}}.hatch{stroke:${wait}}.wait{stroke:${wait}}.rest{fill:${grid}}
.dial{fill:${dial}}.handshake{fill:${handshake}}.tls{fill:${tls}}.headers{fill:${headers}}.body{fill:${body}}
.decode,.redirect,.local{fill:${decode}}.open{stroke:${headers}}.mark{fill:${ink};stroke:${paper}}`
}

export const waterfallStyle = `
text{font:12px ui-sans-serif,system-ui,"Segoe UI","DejaVu Sans",sans-serif}
.answer{font-size:14px;font-weight:600}.title{font-weight:600}.tick{font-size:11px;text-anchor:middle}
.hatch{stroke-width:3}.wait{fill:url(#hatch);stroke-width:.5}.open{fill:none;stroke-dasharray:4 3}.mark{stroke-width:1.5}
${coloursOf(light)}
@media (prefers-color-scheme:dark){
${coloursOf(dark)}
}
`
