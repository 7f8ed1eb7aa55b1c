/**
 * A WordPress that lives wholly on a mount: copied in, installed, used, and all of it there again,
 * byte for byte, after an unmount and a mount. With CASSFS_E2E_SCREENSHOT=FILE and chromium, a
 * picture of the front page is taken before the end.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { run } from '../../support/process.js'
import { openTarget, type TargetName, targetMissing, targetName } from '../../support/target.js'
import { countKinds, differences, listTree, sha256 } from '../../support/tree.js'
import { makePicture } from './picture.js'
import { openServers, type SiteServers, serversMissing } from './servers.js'
import { Browser, layOutSite, type Upload } from './site.js'

const TITLE = 'A site on CassFS'
const POST = 'A picture post'
const TIMEOUT_MS = 900_000

async function useSite(browser: Browser, picture: Buffer): Promise<Upload> {
  await browser.install(TITLE)
  await browser.logIn()
  const upload = await browser.upload('picture.png', 'image/png', picture)
  assert.ok(upload.files.length >= 4, `too few thumbnails: ${upload.files}`)
  await browser.publish(POST, `<img src="${upload.url}" alt="squares">`)
  return upload
}

/** What a visitor sees: the front page with the post, and each picture as it lies on the mount. */
async function visit(url: string, dir: string, upload: Upload, picture: Buffer): Promise<void> {
  const visitor = new Browser(url)
  const front = await visitor.page('/')
  assert.match(front, new RegExp(`<title>${TITLE}`))
  assert.match(front, new RegExp(POST))
  const original = await visitor.bytes(new URL(upload.url).pathname)
  assert.equal(sha256(original), sha256(picture))
  for (const path of upload.files) {
    const served = await visitor.bytes(path)
    assert.equal(sha256(served), sha256(readFileSync(join(dir, path))), path)
    assert.ok(served.length > 0, path)
  }
}

async function takeScreenshot(url: string): Promise<void> {
  const file = process.env.CASSFS_E2E_SCREENSHOT
  if (!file) return
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--window-size=1280,1600']
  await run('chromium', [...flags, `--screenshot=${file}`, url])
  assert.ok(statSync(file).size > 10_000)
}

async function runSite(name: TargetName): Promise<void> {
  const target = await openTarget(name)
  let servers: SiteServers | undefined
  try {
    const site = join(target.dir, 'site')
    mkdirSync(site)
    servers = await openServers(join(target.workDir, 'servers'), site)
    await layOutSite(site, servers)
    await servers.startWeb()
    const picture = makePicture(1600, 1200, 11)
    const upload = await useSite(new Browser(servers.url), picture)
    await visit(servers.url, site, upload, picture)
    await takeScreenshot(servers.url)
    await servers.stopWeb()
    const before = listTree(site)
    await target.unmount()
    await target.mount()
    const after = listTree(site)
    assert.equal(differences(after, before), '')
    assert.ok((countKinds(after).file ?? 0) > 1000, JSON.stringify(countKinds(after)))
    await servers.startWeb()
    await visit(servers.url, site, upload, picture)
    await servers.stopWeb()
    await target.unmount()
  } finally {
    await servers?.close()
    await target.close()
  }
}

const names = process.env.CASSFS_E2E_TARGET ? [targetName()] : (['cassfs', 'cassandra'] as const)

describe('WordPress', () => {
  for (const name of names)
    test(`lives on ${name}, through a remount`, { timeout: TIMEOUT_MS }, async (t) => {
      const missing = serversMissing() ?? (await targetMissing(name))
      if (missing) return t.skip(missing)
      await runSite(name)
    })
})
