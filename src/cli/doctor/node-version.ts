import { type Check, fail, ok } from './check.js'

const least = [20, 19] as const

export const nodeVersionCheck: Check = {
  name: 'node',
  run: async ({ nodeVersion }) => {
    const [major = 0, minor = 0] = nodeVersion.split('.').map(Number)
    if (major > least[0] || (major === least[0] && minor >= least[1])) {
      return ok(`Node.js ${nodeVersion}`)
    }
    return fail(`Node.js ${nodeVersion} is too old`, {
      text: `install Node.js ${least.join('.')} or newer, from https://nodejs.org`,
    })
  },
}
