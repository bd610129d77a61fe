/**
 * Variables of the environment for a test, where keys of services stand. What the test does not give is made up: recordings
 * hold no secrets, so any key will do, and one in a test's environment must not decide what comes out. It has the form of
 * most keys, for sources that look at that.
 */
export type Variables = Readonly<Record<string, string | undefined>>

export const madeUpKey = '0123456789abcdef0123456789abcdef'

export function withMadeUpKeys(given: Variables = {}): Variables {
  const isVariable = (name: string | symbol): name is string =>
    typeof name === 'string' && /^[A-Z][A-Z0-9_]*$/.test(name)
  return new Proxy(given, {
    get: (target, name) =>
      isVariable(name) && !Object.hasOwn(target, name) ? madeUpKey : Reflect.get(target, name),
    has: (target, name) => isVariable(name) || Reflect.has(target, name),
  })
}
