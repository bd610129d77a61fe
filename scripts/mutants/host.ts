import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { createVitest } from 'vitest/node'

/**
 * A process that keeps a vitest warm and runs for its parent what it is told, one job after the other. Each job gets a
 * worker of its own, so that a chart is made anew. The parent kills the whole process when a mutant hangs it.
 */
export interface Job {
  readonly file: string
  /** All tests of the file when it is left out. */
  readonly tests?: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** After the first failure nothing more is run. */
  readonly stopsEarly: boolean
}

export interface Result {
  /** The first test that failed; empty when it was no test's failure but an error that nobody caught. */
  readonly failed: string | undefined
  readonly message: string
  readonly passed: number
  readonly ms: number
}

const root = fileURLToPath(new URL('../../', import.meta.url))
const config = fileURLToPath(new URL('vitest.config.ts', import.meta.url))

if (import.meta.main) {
  const vitest = await createVitest(
    'test',
    { config, root, watch: false, reporters: [{}], silent: true, bail: 1 },
    {},
  )
  await vitest.standalone()
  const project = vitest.getRootProject()
  process.on('message', async (job: Job) => {
    const begun = performance.now()
    Object.assign(process.env, job.env)
    vitest.config.bail = job.stopsEarly ? 1 : 0
    project.config.bail = vitest.config.bail
    const options = job.tests ? { testNames: [...job.tests] } : {}
    const specification = project.createSpecification(`${root}${job.file}`, options)
    const { unhandledErrors } = await vitest.runTestSpecifications([specification])
    const module = specification.testModule
    const tests = module ? [...module.children.allTests()] : []
    const failure = tests.find((test) => test.result().state === 'failed')
    const suites = module ? [...module.children.allSuites()] : []
    const errors = [
      ...(failure?.result().errors ?? []),
      ...unhandledErrors,
      ...(module?.errors() ?? []),
      ...suites.flatMap((suite) => suite.errors()),
    ] as { message?: string }[]
    const result: Result = {
      failed: failure?.fullName ?? (errors.length > 0 ? '' : undefined),
      message: errors[0]?.message?.split('\n')[0] ?? '',
      passed: tests.filter((test) => test.result().state === 'passed').length,
      ms: performance.now() - begun,
    }
    process.send!(result)
  })
  process.send!('ready')
}
