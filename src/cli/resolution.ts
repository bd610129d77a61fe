import module from 'node:module'

/**
 * A source in a file imports `regatta` and `zod`. Run by `npx`, or from a clone, neither is installed beside that file;
 * and were another copy of Regatta installed there, its errors would not be ours. So `regatta` always means the copy
 * that runs, and `zod` is found beside it when it is found nowhere else. Runtimes without hooks do without.
 */
export function resolveOwnPackages(): void {
  // Absent in older runtimes, whatever the types say.
  if (typeof (module as { registerHooks?: unknown }).registerHooks !== 'function') return
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const own: Readonly<Record<string, string>> = {
    regatta: new URL(`../index.${extension}`, import.meta.url).href,
    'regatta/lab': new URL(`../lab/index.${extension}`, import.meta.url).href,
    'regatta/sim': new URL(`../sim/index.${extension}`, import.meta.url).href,
  }
  module.registerHooks({
    resolve(specifier, context, next) {
      const copy = Object.hasOwn(own, specifier) ? own[specifier] : undefined
      if (copy !== undefined) return next(copy, context)
      if (specifier !== 'zod') return next(specifier, context)
      try {
        return next(specifier, context)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
        return next(specifier, { ...context, parentURL: import.meta.url })
      }
    },
  })
}
