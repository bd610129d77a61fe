import { fileURLToPath } from 'node:url'
import { defineConfig, mergeConfig } from 'vitest/config'
import ours from '../../vitest.config.ts'

/** The tests as always, but the charts are made by `xstate.ts` beside this. */
const root = fileURLToPath(new URL('../../', import.meta.url))
const standIn = fileURLToPath(new URL('xstate.ts', import.meta.url))

export default mergeConfig(
  ours,
  defineConfig({
    root,
    plugins: [
      {
        name: 'regatta:mutants',
        enforce: 'pre',
        resolveId(source: string, importer: string | undefined) {
          return source === 'xstate' && importer?.startsWith(`${root}machines/`) ? standIn : undefined
        },
      },
    ],
    test: {
      setupFiles: [fileURLToPath(new URL('setup.ts', import.meta.url))],
      pool: 'forks',
      maxWorkers: 1,
    },
  }),
)
