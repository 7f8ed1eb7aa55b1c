/**
 * A WordPress site and its user: the tree of Debian's package laid out on a folder, and a browser
 * that installs, logs in, uploads and publishes as a person would, by the same pages.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, shell } from '../../support/process.js'
import type { SiteServers } from './servers.js'

const USER = 'admin'
const PASSWORD = 'Pw-12345678'
const PAGE_TIMEOUT_MS = 120_000
const COPY_TIMEOUT_MS = 300_000

/** Copies the package's tree, links resolved, with a configuration for these servers. */
export async function layOutSite(dir: string, servers: SiteServers): Promise<void> {
  await shell(
    `cp -rL /usr/share/wordpress/. "$SITE/" 2>/dev/null || true
     rm -rf "$SITE/wp-config.php" "$SITE/.htaccess" "$SITE/wp-content/themes"
     cp -rL /var/lib/wordpress/wp-content/. "$SITE/wp-content/"`,
    { env: { ...process.env, SITE: dir }, timeoutMs: COPY_TIMEOUT_MS },
  )
  writeFileSync(join(dir, 'wp-config.php'), configuration(servers))
  await run('chown', ['-R', 'www-data:www-data', dir], { timeoutMs: COPY_TIMEOUT_MS })
  const create = 'create database wp'
  await run('mariadb', ['--no-defaults', '-uroot', '-S', servers.databaseSocket, '-e', create])
}

function configuration({ url, databaseSocket }: SiteServers): string {
  const constants: Record<string, string> = {
    DB_NAME: 'wp',
    DB_USER: 'root',
    DB_PASSWORD: '',
    DB_HOST: `localhost:${databaseSocket}`,
    DB_CHARSET: 'utf8mb4',
    DB_COLLATE: '',
    FS_METHOD: 'direct',
    WP_SITEURL: url,
    WP_HOME: url,
  }
  for (const key of ['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE']) {
    constants[`${key}_KEY`] = `key of ${key}`
    constants[`${key}_SALT`] = `salt of ${key}`
  }
  const off = ['WP_HTTP_BLOCK_EXTERNAL', 'AUTOMATIC_UPDATER_DISABLED', 'DISABLE_WP_CRON']
  return [
    '<?php',
    ...Object.entries(constants).map(([key, value]) => `define('${key}', '${value}');`),
    ...off.map((key) => `define('${key}', true);`),
    `$table_prefix = 'wp_';`,
    `if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');`,
    `require_once ABSPATH . 'wp-settings.php';`,
    '',
  ].join('\n')
}

export interface Upload {
  readonly url: string
  /** The picture and each of its thumbnails, by name as WordPress says. */
  readonly files: readonly string[]
}

/** A browser with cookies. Each step asserts what a person would see. */
export class Browser {
  readonly #cookies = new Map<string, string>()

  constructor(readonly url: string) {}

  async #fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.#cookies].map(([key, value]) => `${key}=${value}`).join('; ')
    const response = await fetch(this.url + path, {
      ...init,
      headers: { ...(init.headers as Record<string, string>), cookie },
      redirect: 'manual',
      signal: AbortSignal.timeout(PAGE_TIMEOUT_MS),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, key, value] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (key) this.#cookies.set(key, value ?? '')
    }
    return response
  }

  async page(path: string, init?: RequestInit): Promise<string> {
    const response = await this.#fetch(path, init)
    const text = await response.text()
    assert.ok(response.status < 400, `${path}: HTTP ${response.status}: ${text.slice(0, 500)}`)
    return text
  }

  async bytes(path: string): Promise<Buffer> {
    const response = await this.#fetch(path)
    assert.equal(response.status, 200, path)
    return Buffer.from(await response.arrayBuffer())
  }

  async install(title: string): Promise<void> {
    const form = new URLSearchParams({
      weblog_title: title,
      user_name: USER,
      admin_password: PASSWORD,
      admin_password2: PASSWORD,
      pw_weak: '1',
      admin_email: 'admin@example.com',
      blog_public: '0',
      language: '',
    })
    const page = await this.page('/wp-admin/install.php?step=2', { method: 'POST', body: form })
    assert.match(page, /Success!|has been installed/)
  }

  async logIn(): Promise<void> {
    await this.page('/wp-login.php')
    const form = new URLSearchParams({ log: USER, pwd: PASSWORD, testcookie: '1' })
    await this.page('/wp-login.php', { method: 'POST', body: form })
    assert.match(await this.page('/wp-admin/'), /wpadminbar/)
  }

  async upload(name: string, type: string, content: Buffer): Promise<Upload> {
    const form = await this.page('/wp-admin/media-new.php')
    const nonce =
      /"_wpnonce":"([0-9a-f]+)/.exec(form)?.[1] ??
      /name="_wpnonce" value="([0-9a-f]+)/.exec(form)?.[1]
    assert.ok(nonce, 'the upload form has no nonce')
    const body = new FormData()
    body.set('name', name)
    body.set('action', 'upload-attachment')
    body.set('_wpnonce', nonce)
    body.set('async-upload', new Blob([new Uint8Array(content)], { type }), name)
    const answer = JSON.parse(
      await this.page('/wp-admin/async-upload.php', { method: 'POST', body }),
    )
    assert.ok(answer.success, JSON.stringify(answer))
    const sizes = Object.values(answer.data.sizes) as { url: string }[]
    const urls = [answer.data.url as string, ...sizes.map((size) => size.url)]
    return { url: answer.data.url, files: [...new Set(urls.map((each) => new URL(each).pathname))] }
  }

  async publish(title: string, content: string): Promise<void> {
    const nonce = await this.page('/wp-admin/admin-ajax.php?action=rest-nonce')
    const headers = { 'x-wp-nonce': nonce, 'content-type': 'application/json' }
    const body = JSON.stringify({ title, content, status: 'publish' })
    const init = { method: 'POST', headers, body }
    const answer = JSON.parse(await this.page('/index.php?rest_route=/wp/v2/posts', init))
    assert.equal(answer.status, 'publish')
  }
}
