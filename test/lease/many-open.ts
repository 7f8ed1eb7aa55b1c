/**
 * `node many-open.js DIR COUNT BYTES`: opens so many files in DIR and writes so many bytes to each, again and
 * again, without closing any, until its standard input ends; prints `open` when all have their bytes.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

function main([dir, count, bytes]: string[]): void {
  if (!dir || !count || !bytes) throw new Error('usage: many-open.js DIR COUNT BYTES')
  const open = Array.from({ length: Number(count) }, (_, at) => openSync(join(dir, `f${at}`), 'w'))
  for (const [at, fd] of open.entries()) {
    const data = Buffer.alloc(Number(bytes))
    for (let word = 0; word + 4 <= data.length; word += 4)
      data.writeUInt32LE(Math.imul(at * data.length + word, 2_654_435_761) >>> 0, word)
    writeSync(fd, data)
  }
  process.stdout.write('open\n')
  process.stdin.resume().once('end', () => {
    for (const fd of open) closeSync(fd)
    process.stdout.write('closed\n')
  })
}

main(process.argv.slice(2))
