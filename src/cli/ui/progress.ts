// How far something is: on a terminal one line that is written anew, elsewhere a line now and then.

export interface ProgressOutput {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  write(text: string): unknown
}

const terminalMs = 200
const plainMs = 10_000
const clearLine = '\r\x1b[K'

export interface Progress {
  /** A line of its own: the progress makes room for it. */
  line(text: string): void
  /** Nothing of it is left on a terminal. */
  end(): void
}

/** Shows what `describe` says, in one line, until it is ended. */
export function startProgress(output: ProgressOutput, describe: () => string): Progress {
  const isTerminal = output.isTTY === true
  const show = () => {
    const text = describe()
    if (isTerminal) output.write(clearLine + text.slice(0, (output.columns ?? 80) - 1))
    else output.write(`cassfs: ${text}\n`)
  }
  const timer = setInterval(show, isTerminal ? terminalMs : plainMs)
  const clear = () => {
    if (isTerminal) output.write(clearLine)
  }
  return {
    line(text) {
      clear()
      output.write(`cassfs: ${text}\n`)
    },
    end() {
      clearInterval(timer)
      clear()
    },
  }
}
