import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { sinkFailed } from '../sink/sink-failure.ts'
import { regatta } from './called.ts'
import { UsageError } from './command-failure.ts'
import { configNames } from './config-file.ts'
import { type ExitCode, exitCodes, type Io } from './io.ts'

/** `regatta init`: a configuration file with the options that matter first, each with a word. Never overwrites. */
export async function initCommand({ json }: { json?: true }, io: Io): Promise<ExitCode> {
  const present = configNames.find((name) => existsSync(resolve(io.cwd, name)))
  if (present !== undefined) throw new UsageError(`${present} exists already and is left as it is.`)
  const name = json ? 'regatta.config.json' : 'regatta.config.ts'
  try {
    await writeFile(resolve(io.cwd, name), json ? jsonTemplate : template, { flag: 'wx' })
  } catch (error) {
    throw sinkFailed(name, error)
  }
  io.stderr.write(`Wrote ${name}. See what holds: ${regatta(io)} config\n`)
  return exitCodes.done
}

const template = `import { defineConfig } from 'regatta'

// Every option of createCrawler may stand here; docs/options.md lists them. Flags go over it.
export default defineConfig({
  // A file, a URL of a list, a proxy, or several of them. Secrets stand in the environment:
  // proxies: \`http://user:\${process.env.PROXY_PASSWORD}@gate.example:8000\`,
  // proxies: 'proxies.txt',

  // What suits one kind of proxies: datacenter, residential, high-churn, long-lived, free-list, dev.
  // preset: 'datacenter',

  // Milliseconds between two requests of one proxy to one host.
  politeness: { interval: 500 },

  // What is different for one host, or for all below it.
  hosts: {
    // 'api.example.com': { concurrency: 4, headers: { accept: 'application/json' } },
    // '*.example.com': { proxies: { country: 'DE' }, timeouts: { firstByte: 20_000 } },
  },

  // What proxies cost, and where to stop.
  // prices: [{ proxies: { provider: 'acme' }, perGB: 3.5 }],
  // currency: 'USD',
  // maxCost: 10,

  // What goes over the options above, by name: regatta crawl … --profile test
  profiles: {
    test: { preset: 'dev', direct: true },
  },
})
`

const jsonTemplate = `{
  "politeness": { "interval": 500 },
  "hosts": {},
  "profiles": {
    "test": { "preset": "dev", "direct": true }
  }
}
`
