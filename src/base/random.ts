/**
 * Chance is an argument. A Random is a function that yields uniform numbers in [0, 1); everything else is drawn from it.
 * The generator is sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, seedable, about 3 ns a number.
 */
export type Random = () => number

/** A generator that repeats itself for the same seed. `seed` is any finite number. */
export function createRandom(seed: number): Random {
  let a = seed | 0
  let b = Math.floor(seed / 0x1_0000_0000) | 0
  let c = 0x9e3779b9 | 0
  let d = 1
  const next = () => {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return (t >>> 0) / 0x1_0000_0000
  }
  for (let i = 0; i < 12; i++) next()
  return next
}

/** A seed nobody chose, small enough to print and to type again. */
export function randomSeed(): number {
  return Math.floor(Math.random() * 0x1_0000_0000)
}

/** A whole number in [0, below). */
export function pickIndex(random: Random, below: number): number {
  return Math.floor(random() * below)
}

/** A number in [low, high). */
export function uniform(random: Random, low: number, high: number): number {
  return low + random() * (high - low)
}

/**
 * Nearly a standard normal number: three uniforms (Irwin–Hall), with the right mean and variance, within 0.01 of the
 * normal distribution everywhere and never beyond ±3. For drawing thousands a second where nobody looks at the tails.
 */
export function roughNormal(random: Random): number {
  return 2 * (random() + random() + random()) - 3
}

/** A standard normal number (Box–Muller, one of the pair). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** A Gamma(shape, 1) number, by Marsaglia and Tsang (2000); below shape 1 it is boosted by U^(1/shape). */
export function gamma(random: Random, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * (1 - random()) ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = normal(random)
    const v = (1 + c * x) ** 3
    if (v <= 0) continue
    const u = 1 - random()
    if (u < 1 - 0.0331 * x ** 4 || Math.log(u) < 0.5 * x * x + d * (1 - v + Math.log(v))) return d * v
  }
}

/** A Beta(alpha, beta) number, from two Gammas. */
export function beta(random: Random, alpha: number, betaShape: number): number {
  const x = gamma(random, alpha)
  const y = gamma(random, betaShape)
  return x + y === 0 ? alpha / (alpha + betaShape) : x / (x + y)
}
