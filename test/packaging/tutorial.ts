import { execFile, spawn } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'

/** The tutorial, done as it stands: its commands are run, its lines are changed, in a folder in which Regatta is installed. */
export interface Done {
  /** Each command with its exit code and what stood on the screen. */
  readonly commands: readonly {
    readonly command: string
    readonly code: number | null
    readonly screen: string
  }[]
  readonly typedLines: number
}

interface Block {
  readonly kind: string
  readonly name: string
  readonly text: string
}

export function blocksOf(tutorial: string): Block[] {
  return [...tutorial.matchAll(/^```(\w+)(?: fragment)? ?([\w.-]*)\n([\s\S]*?)^```$/gm)].map(
    ([, kind = '', name = '', text = '']) => ({ kind, name, text }),
  )
}

export async function doTutorial(tutorial: string, folder: string): Promise<Done> {
  await mkdir(folder, { recursive: true })
  const env = { ...process.env, PATH: `${join(folder, '../node_modules/.bin')}:${process.env.PATH}` }
  const commands: Done['commands'][number][] = []
  let typedLines = 0
  const blocks = blocksOf(tutorial)
  const [lab, ...steps] = blocks
  const world = spawn('bash', ['-c', `exec ${typed(lab!.text)}`], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await new Promise<void>((resolve, reject) => {
      world.stdout.on('data', (text) => /written to/.test(String(text)) && resolve())
      world.once('exit', () => reject(new Error('The lab of the tutorial has ended.')))
    })
    for (const { kind, name, text } of steps) {
      if (kind === 'sh') commands.push(await run(typed(text), folder, env))
      else if (kind === 'diff') typedLines += await change(join(folder, 'quotes.ts'), text)
      else await writeFile(join(folder, name), text)
    }
    return { commands, typedLines }
  } finally {
    world.kill('SIGINT')
  }
}

/** As `npx` finds it: installed. */
function typed(command: string): string {
  return command.trim().replace(/^npx /, '')
}

function run(command: string, cwd: string, env: NodeJS.ProcessEnv) {
  return new Promise<Done['commands'][number]>((resolve) => {
    const child = execFile('bash', ['-c', command], { cwd, env }, (_, out, said) =>
      resolve({ command, code: child.exitCode, screen: out + said }),
    )
  })
}

/** How many lines had to be typed. Throws where the lines that are to be changed are not there. */
async function change(path: string, diff: string): Promise<number> {
  const lines = diff.split('\n').filter((line) => line !== '')
  const side = (without: string) =>
    lines
      .filter((line) => !line.startsWith(without))
      .map((line) => line.slice(1))
      .join('\n')
  const source = await readFile(path, 'utf8')
  const before = side('+')
  if (!source.includes(before))
    throw new Error(`The lines to change are not in ${path}:\n${before}\n\n${source}`)
  await writeFile(
    path,
    source.replace(before, () => side('-')),
  )
  return lines.filter((line) => line.startsWith('+')).length
}
