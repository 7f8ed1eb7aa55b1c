// Is /dev/fuse there, and can this user open it?

import { constants } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Check, type DoctorSystem, type Finding, fail, ok, quoteForShell } from './check.js'

/** Major and minor number of the device (Documentation/admin-guide/devices.txt). */
const deviceNumbers = '10 229'

export const fuseDeviceCheck: Check = {
  name: 'fuse device',
  run: async (system) => {
    const { devicePath } = system
    try {
      const handle = await open(devicePath, constants.O_RDWR)
      const isDevice = (await handle.stat()).isCharacterDevice()
      await handle.close()
      return isDevice ? ok(`${devicePath} can be opened`) : missing(system)
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') return missing(system)
      if (code === 'EACCES') return refused(system)
      return code === 'EPERM' ? forbidden(devicePath) : absentInKernel(devicePath, code)
    }
  },
}

async function missing(system: DoctorSystem): Promise<Finding> {
  const { devicePath, procPath } = system
  const fileSystems = await readFile(path.join(procPath, 'filesystems'), 'utf8')
  if (!/^nodev\s+fuse$/m.test(fileSystems)) return absentInKernel(devicePath, 'ENOENT')
  const device = quoteForShell(devicePath)
  return fail(`${devicePath} is missing, though the kernel has FUSE`, {
    text: 'in a container: start it with --device /dev/fuse; elsewhere make the device',
    command: `rm -f ${device} && mknod -m 666 ${device} c ${deviceNumbers}`,
    asRoot: true,
  })
}

function refused({ devicePath, uid }: DoctorSystem): Finding {
  return fail(`user ${uid} may not open ${devicePath}`, {
    text: 'let every user open it, as most distributions do',
    command: `chmod 666 ${quoteForShell(devicePath)}`,
    asRoot: true,
  })
}

function forbidden(devicePath: string): Finding {
  return fail(`the container's device rules forbid ${devicePath}`, {
    text: 'start the container with --device /dev/fuse',
  })
}

function absentInKernel(devicePath: string, code: string): Finding {
  return fail(`the kernel has no FUSE loaded (${devicePath}: ${code})`, {
    text: 'load it, or build it into the kernel (CONFIG_FUSE_FS)',
    command: 'modprobe fuse',
    asRoot: true,
  })
}
