/** Colours of the picture; one set for light paper and one for dark. */
export const waterfallStyle = `
svg{--paper:#fff;--ink:#1b1f24;--quiet:#6b7280;--grid:#e5e7eb;--good:#15803d;--bad:#b91c1c;--wait:#9ca3af;--dial:#0ea5e9;--handshake:#6366f1;--tls:#a855f7;--headers:#f59e0b;--body:#10b981;--decode:#64748b}
@media (prefers-color-scheme:dark){svg{--paper:#14171b;--ink:#e6e8eb;--quiet:#9aa3af;--grid:#2a2f36;--good:#4ade80;--bad:#f87171;--wait:#6b7280;--dial:#38bdf8;--handshake:#818cf8;--tls:#c084fc;--headers:#fbbf24;--body:#34d399;--decode:#94a3b8}}
text{font:12px ui-sans-serif,system-ui,"Segoe UI","DejaVu Sans",sans-serif;fill:var(--ink)}
.paper{fill:var(--paper)}.answer{font-size:14px;font-weight:600}.title{font-weight:600}
.quiet{fill:var(--quiet)}.tick{fill:var(--quiet);font-size:11px;text-anchor:middle}.good{fill:var(--good)}.bad{fill:var(--bad)}
.grid{stroke:var(--grid)}.hatch{stroke:var(--wait);stroke-width:3}
.wait{fill:url(#hatch);stroke:var(--wait);stroke-width:.5}.dial{fill:var(--dial)}.handshake{fill:var(--handshake)}.tls{fill:var(--tls)}.headers{fill:var(--headers)}.body{fill:var(--body)}.decode,.redirect,.local{fill:var(--decode)}.rest{fill:var(--grid)}
.open{fill:none;stroke:var(--headers);stroke-dasharray:4 3}.mark{fill:var(--ink);stroke:var(--paper);stroke-width:1.5}
`
