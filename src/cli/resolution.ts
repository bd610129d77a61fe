import module from 'node:module'
import process from 'node:process'

/**
 * A source in a file imports `regatta` and `zod`. Run by `npx`, or from a clone, neither is installed beside that file;
 * and were another copy of Regatta installed there, its errors would not be ours. So `regatta` and all its entry points
 * always mean the copy that runs: they are looked up from here, where a package finds itself. `zod` is found beside it
 * when it is found nowhere else. Runtimes without hooks do without; so does Deno, where they reach no TypeScript, and where
 * `require` finds no ES module any more once there is one (2.9): there both are installed beside the file.
 */
export function resolveOwnPackages(): void {
  // Absent in older runtimes, whatever the types say.
  const hasHooks = typeof (module as { registerHooks?: unknown }).registerHooks === 'function'
  if (!hasHooks || process.versions.deno !== undefined) return
  module.registerHooks({
    resolve(specifier, context, next) {
      // `require` looks around the file that calls it, whatever the hook says; what it is given as a URL it takes.
      const fromHere = () =>
        context.conditions.includes('require')
          ? { url: import.meta.resolve(specifier), shortCircuit: true }
          : next(specifier, { ...context, parentURL: import.meta.url })
      if (specifier === 'regatta' || specifier.startsWith('regatta/')) return fromHere()
      if (specifier !== 'zod') return next(specifier, context)
      try {
        return next(specifier, context)
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error
        return fromHere()
      }
    },
  })
}
