/** Light and dark by the reader's own setting, on paper always light. Every colour has at least 3:1 against its ground, text 4.5:1. */
export const style = `
:root{color-scheme:light dark;--ground:#ffffff;--card:#f6f7f9;--ink:#1b1f24;--quiet:#57606a;--rule:#d5dae0;--grid:#e6e9ed;
--good:#0b7a55;--refused:#c2410c;--throttled:#a8690a;--host:#8f3f78;--proxy:#1d64ad;--other:#6e7781;--alarm:#b42318}
@media (prefers-color-scheme:dark){:root{--ground:#12161b;--card:#1a2027;--ink:#e6eaef;--quiet:#a3adb8;--rule:#343d47;--grid:#262e37;
--good:#3fbf8f;--refused:#ff8a5c;--throttled:#e9b44c;--host:#d58bc0;--proxy:#6cb2f5;--other:#9aa4af;--alarm:#ff9b8e}}
@media print{:root{color-scheme:light;--ground:#fff;--card:#fff;--ink:#000;--quiet:#333;--rule:#999;--grid:#ddd;
--good:#0b7a55;--refused:#c2410c;--throttled:#a8690a;--host:#8f3f78;--proxy:#1d64ad;--other:#6e7781;--alarm:#b42318}
details{display:none}section,svg,table{break-inside:avoid}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
main{max-width:1000px;margin:0 auto;padding:28px 24px 64px}
h1{font-size:25px;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:18px;margin:40px 0 6px}
p{margin:6px 0 12px}.lead,.more{color:var(--quiet)}
.alarm{border-left:4px solid var(--alarm);padding:8px 12px;background:var(--card);overflow-wrap:anywhere}
dl.totals{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin:22px 0 8px}
dl.totals>div{background:var(--card);border:1px solid var(--rule);border-radius:6px;padding:10px 14px}
dt{color:var(--quiet);font-size:13px}dd{margin:0;font-size:21px;font-variant-numeric:tabular-nums;line-height:1.3}dd small{display:block;font-size:13px;color:var(--quiet);line-height:1.35}
svg{display:block;width:100%;height:auto;font:12px system-ui,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
svg text{fill:var(--quiet)}svg .axis{font-size:12.5px}svg .name,svg .value{fill:var(--ink);paint-order:stroke;stroke:var(--ground);stroke-width:3px}
.grid line{stroke:var(--grid)}.base{stroke:var(--quiet)}
.line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}.line.ink{stroke:var(--ink);stroke-width:1.75}.line.good{stroke:var(--good)}.line.proxy{stroke:var(--proxy)}
rect.good,circle.good{fill:var(--good)}rect.refused,circle.refused{fill:var(--refused)}rect.throttled,circle.throttled{fill:var(--throttled)}
rect.host{fill:var(--host)}rect.proxy{fill:var(--proxy)}rect.other,circle.other{fill:var(--other)}
.dots circle{fill-opacity:.72;stroke:var(--ground);stroke-width:1}
.crowd{fill:none;stroke-linecap:round;stroke-opacity:.55}.crowd.good{stroke:var(--good)}.crowd.refused{stroke:var(--refused)}.crowd.throttled{stroke:var(--throttled)}.crowd.other{stroke:var(--other)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;padding:0;margin:8px 0;font-size:13px;color:var(--quiet)}
.patch,.stroke{display:inline-block;width:12px;height:12px;margin-right:6px;background:var(--c);vertical-align:-1px;border-radius:2px}.stroke{height:3px;vertical-align:4px;border-radius:0}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--quiet);padding:4px 0}
th,td{text-align:left;padding:5px 10px 5px 0;border-bottom:1px solid var(--rule);vertical-align:top;overflow-wrap:anywhere}
th{font-weight:600}th.n,td.n{text-align:right;white-space:nowrap}
td code{white-space:nowrap}
code,pre{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace}
pre{background:var(--card);border:1px solid var(--rule);border-radius:6px;padding:10px 14px;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere;max-height:320px;overflow-y:auto}
details{margin:8px 0}summary{cursor:pointer;color:var(--quiet)}summary:focus-visible{outline:2px solid var(--proxy);outline-offset:2px}
.kept{color:var(--good)}.missed{color:var(--alarm);font-weight:600}
footer{margin-top:48px;color:var(--quiet);font-size:13px}
@media (max-width:560px){main{padding:16px 12px 40px}h1{font-size:21px}}
`
