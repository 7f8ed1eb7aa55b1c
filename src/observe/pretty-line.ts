// One log record as one line for people: time, level, message, fields. Control characters are
// escaped, so that a name or an error cannot forge a line or steer a terminal.

export interface LogRecord {
  readonly time: string
  readonly level: string
  readonly msg: string
  readonly [field: string]: unknown
}

const colors: Readonly<Record<string, string>> = {
  debug: '\u001b[2m',
  warn: '\u001b[33m',
  error: '\u001b[31m',
}
const colorEnd = '\u001b[0m'
const notFields = new Set(['time', 'level', 'msg', 'pid'])

/** Record to line, line end included. An error's stack follows on lines of its own, indented. */
export function createLineFormatter(options: { color: boolean }): (record: LogRecord) => string {
  return (record) => {
    const level = record.level.padEnd(5)
    const color = options.color ? colors[record.level] : undefined
    const shownLevel = color ? `${color}${level}${colorEnd}` : level
    const fields = Object.entries(record).filter(([name]) => !notFields.has(name))
    const parts = fields.map(([name, value]) => ` ${name}=${formatValue(value)}`)
    const time = record.time.replace('T', ' ').replace('Z', '')
    return `${time} ${shownLevel} ${escapeControls(record.msg)}${parts.join('')}\n`
  }
}

function formatValue(value: unknown): string {
  if (typeof value !== 'string') return escapeControls(JSON.stringify(value) ?? 'undefined')
  if (/^\S+: .*\n {4}at /s.test(value)) return value.split('\n').map(escapeControls).join('\n  ')
  return value === '' || /[\s"=]/.test(value)
    ? escapeControls(JSON.stringify(value))
    : escapeControls(value)
}

function escapeControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (char) => {
    if (char === '\n') return '\\n'
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}
