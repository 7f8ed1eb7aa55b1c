/** Archives made by hand, field by field, so that they may say what no program writes. */

export interface HandMade {
  readonly name: string
  readonly type?: string
  readonly content?: Buffer | string
  readonly link?: string
  readonly mode?: string
  readonly uid?: string
  readonly mtime?: string
  /** Instead of the content's length. */
  readonly size?: string
  readonly magic?: string
  readonly checksum?: string
}

/** Names are byte strings. */
export function member(made: HandMade): Buffer {
  const content = Buffer.from((made.content ?? '') as string)
  const block = Buffer.alloc(512)
  const put = (text: string, at: number) => block.write(text, at, 'latin1')
  put(made.name.slice(0, 100), 0)
  put(made.mode ?? '0000644\0', 100)
  put(made.uid ?? '0000000\0', 108)
  put('0000000\0', 116)
  put(made.size ?? `${content.length.toString(8).padStart(11, '0')}\0`, 124)
  put(made.mtime ?? '13000000000\0', 136)
  put('        ', 148)
  put(made.type ?? '0', 156)
  put((made.link ?? '').slice(0, 100), 157)
  put(made.magic ?? 'ustar\x0000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  put(made.checksum ?? `${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([block, content, Buffer.alloc((512 - (content.length % 512)) % 512)])
}

/** An extended header in front of a member; `records` as they stand there, without their lengths. */
export function pax(records: readonly string[], type = 'x'): Buffer {
  const lines = records.map((record) => {
    let length = record.length + 3
    while (`${length} ${record}\n`.length !== length) length++
    return `${length} ${record}\n`
  })
  return member({ name: 'pax', type, content: Buffer.from(lines.join(''), 'latin1') })
}

/** With its end mark. */
export function archive(...members: readonly Buffer[]): Buffer {
  return Buffer.concat([...members, Buffer.alloc(1024)])
}
