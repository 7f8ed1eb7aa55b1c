// What a hole reads as.

const zeroBlock = Buffer.alloc(256 * 1024)

/** `length` zeros, without memory of their own: for reading only. */
export function zeros(length: number): Buffer[] {
  const buffers: Buffer[] = []
  for (let left = length; left > 0; left -= zeroBlock.length)
    buffers.push(zeroBlock.subarray(0, Math.min(left, zeroBlock.length)))
  return buffers
}
