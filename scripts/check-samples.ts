import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/**
 * The documents promise only what works. Every `ts` block in them is type-checked as a module of its own, every one that
 * brings a lab is run as well (it needs no internet), and every npm script, file and command that a `sh` block or a
 * sentence names must be there. A block that is no whole program is marked `ts fragment` and left alone.
 */
const documents = ['README.md', 'ARCHITECTURE.md', ...globSync('docs/**/*.md')].filter((file) =>
  existsSync(file),
)
// Inside the project, where `regatta` is the project itself; ignored by git.
const folder = '.regatta/samples'

interface Sample {
  readonly where: string
  readonly language: string
  readonly code: string
}

const samples = documents.flatMap(samplesOf)
const problems = [...missingScripts(), ...missingFiles(), ...typeErrors(), ...runErrors()]
for (const problem of problems) console.log(problem)
console.log(`${samples.length} samples in ${documents.length} documents, ${problems.length} problems.`)
process.exitCode = problems.length === 0 && samples.length > 0 ? 0 : 1

function samplesOf(file: string): Sample[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)].map(({ 1: language, 2: code, index }) => ({
    where: `${file}:${text.slice(0, index).split('\n').length}`,
    language: language!.trim(),
    code: code!,
  }))
}

function programs(): Sample[] {
  return samples.filter(({ language }) => language === 'ts')
}

function fileOf({ where }: Sample): string {
  return join(folder, `${basename(where).replace(/\W+/g, '-').toLowerCase()}.ts`)
}

function missingScripts(): string[] {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
  return documents.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\bnpm run ([\w:-]+)/g)]
      .map(([, name]) => name!)
      .filter((name) => !(name in scripts))
      .map((name) => `${file}: there is no "npm run ${name}".`),
  )
}

/** Links to files, and files that a shell block runs. */
function missingFiles(): string[] {
  const links = documents.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\]\((?!\w+:|#)([^)#\s]+)[^)]*\)/g)].map(([, path]) => ({
      where: file,
      path: join(dirname(file), path!),
    })),
  )
  const commands = samples
    .filter(({ language }) => language === 'sh')
    .flatMap(({ where, code }) =>
      [...code.matchAll(/\b(?:node|deno run(?: -A)?) ((?:examples|bench|scripts)\/\S+)/g)].map(
        ([, path]) => ({ where, path: path! }),
      ),
    )
  return [...links, ...commands]
    .filter(({ path }) => !existsSync(path))
    .map(({ where, path }) => `${where}: there is no file ${path}.`)
}

function typeErrors(): string[] {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const sample of programs()) writeFileSync(fileOf(sample), sample.code)
  const config = {
    extends: '../../tsconfig.json',
    compilerOptions: { noUnusedLocals: false, types: ['node'] },
    include: ['*.ts'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  if (programs().length === 0) return []
  return outputOfFailure('tsc', ['-p', folder]).split('\n').filter(Boolean)
}

function runErrors(): string[] {
  return programs()
    .filter(({ code }) => code.includes('regatta/lab'))
    .map((sample) => ({ sample, output: outputOfFailure('node', [fileOf(sample)]) }))
    .filter(({ output }) => output !== '')
    .map(({ sample, output }) => `${sample.where}: the sample fails.\n${output}`)
}

/** What it printed when it failed; empty when it did not. */
function outputOfFailure(program: string, parameters: string[]): string {
  try {
    execFileSync(program, parameters, {
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
      timeout: 60_000,
    })
    return ''
  } catch (error) {
    const { stdout, stderr, message } = error as { stdout?: string; stderr?: string; message: string }
    return `${stdout ?? ''}${stderr ?? ''}`.trim() || message
  }
}
