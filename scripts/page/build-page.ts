import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Plugin, rolldown } from 'rolldown'

/**
 * The page as one HTML file with one style and one script, both written into it: it needs no other file and no network, and can
 * be kept as a report. What a saved page holds takes the place of the comment `regatta-saved`, before the script that reads it.
 */
const root = fileURLToPath(new URL('../../', import.meta.url))

export async function buildPage(): Promise<string> {
  const script = await bundle()
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>Regatta</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%231d64ad' d='M8 1v11H2zM9 4l5 8H9zM1 13h14l-2 2H3z'/%3E%3C/svg%3E">
<style>${stylesheet()}</style>
</head>
<body>
<div id="app"></div>
<noscript><p>This page needs JavaScript. It asks nobody but the crawler on this machine.</p></noscript>
<!--regatta-saved-->
<script type="module">${licences}${script.replaceAll('</script', '<\\/script')}</script>
</body>
</html>
`
}

/** What their licences ask of those who pass them on. */
const licences = '/* Preact, (c) Jason Miller, MIT licence. uPlot, (c) Leon Sorokin, MIT licence. */\n'

async function bundle(): Promise<string> {
  const build = await rolldown({
    input: `${root}dashboard/main.tsx`,
    platform: 'browser',
    transform: { target: 'es2023' },
    plugins: [charts],
  })
  const { output } = await build.generate({
    format: 'esm',
    minify: true,
    comments: { legal: true, annotation: false, jsdoc: false },
  })
  if (output.length !== 1) throw new Error(`The page must be one file, and became ${output.length}.`)
  return output[0].code.trim()
}

/** A statechart as text, without the style that it has for readers of the file alone: the page has its own colours. */
const charts: Plugin = {
  name: 'charts',
  load: {
    filter: { id: /\.svg$/ },
    handler(id) {
      const svg = readFileSync(id, 'utf8').replace(/<style>[\s\S]*?<\/style>\n?/, '')
      return { code: `export default ${JSON.stringify(svg)}`, moduleType: 'js' }
    },
  },
}

/** In the order of their names, without comments and indents. */
function stylesheet(): string {
  const files = globSync('dashboard/style/*.css', { cwd: root }).sort()
  return [`${root}node_modules/uplot/dist/uPlot.min.css`, ...files.map((file) => root + file)]
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\s+/g, ' ')
    .replace(/ ?([{};,]) ?|(?<=[a-z-]): /g, (found, mark: string | undefined) => mark ?? found.trim())
    .replaceAll(';}', '}')
    .trim()
}
