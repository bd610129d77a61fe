import type { Classifier } from '../contracts/classifier.ts'
import { RegattaError } from '../contracts/errors.ts'

/**
 * Checks a classifier of the caller's at definition, where the mistake is, and freezes it.
 * Throws OPTION_INVALID when the name is empty or `classify` is no function.
 */
export function defineClassifier(classifier: Classifier): Classifier {
  const { name, classify }: Partial<Classifier> = classifier ?? {}
  if (typeof name !== 'string' || name.trim() === '') {
    throw new RegattaError(
      'OPTION_INVALID',
      'A classifier needs a name: defineClassifier({ name, classify }).',
      {
        value: { path: 'name', value: name },
      },
    )
  }
  if (typeof classify !== 'function') {
    throw new RegattaError(
      'OPTION_INVALID',
      `Classifier "${name}" needs a function classify(exchange, context).`,
      {
        value: { path: 'classify', value: typeof classify },
      },
    )
  }
  const checked: Classifier = {
    name,
    classify: (exchange, context) => classifier.classify(exchange, context),
  }
  return Object.freeze(checked)
}
