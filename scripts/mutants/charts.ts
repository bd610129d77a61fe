import { globSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ChartConfig } from './chart.ts'

/** Every statechart that `machines/` exports. */
export async function readCharts(root: string): Promise<ChartConfig[]> {
  const charts: ChartConfig[] = []
  for (const file of globSync('machines/*.ts', { cwd: root }).sort()) {
    const module = (await import(pathToFileURL(join(root, file)).href)) as Record<string, unknown>
    for (const each of Object.values(module)) {
      const config = (each as { config?: ChartConfig } | undefined)?.config
      if (config?.states) charts.push(config)
    }
  }
  return charts
}
