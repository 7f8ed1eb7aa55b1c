import type { FileSystem } from '../file-system.js'

/** Saves every file, and waits until all changes are committed. Rejects with the first error. */
export async function syncfs(fs: FileSystem): Promise<void> {
  const error = await fs.saves.saveAll()
  await fs.replica.settled()
  if (error) throw error
}
