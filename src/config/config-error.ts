// A wrong option, wherever it was written. The command line answers it with exit status 2.

/** One or more things wrong with the configuration; each is a line of its own. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}
