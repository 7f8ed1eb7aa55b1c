/**
 * The servers of a WordPress site, private to a test: MariaDB (its data on the local disk),
 * php-fpm as www-data, and nginx on a free port of loopback. Runs as root, as their packages do.
 */
import { chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { programsMissing, run, type Server, startServer, waitFor } from '../../support/process.js'

const PACKAGES = `wordpress wordpress-theme-twentytwentythree mariadb-server nginx-light php-fpm
 php-mysql php-gd php-xml php-mbstring`.replaceAll(/\s+/g, ' ')

/** Why the site cannot run here, or undefined. */
export function serversMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'the servers of WordPress are started as root'
  const programs = ['mariadbd', 'mariadb-install-db', 'nginx', 'php']
  return (
    programsMissing(programs, `apt-get install ${PACKAGES}`) ??
    (findFpm() ? undefined : `php-fpm not found; apt-get install ${PACKAGES}`)
  )
}

function findFpm(): string | undefined {
  const name = readdirSync('/usr/sbin').find((each) => /^php-fpm[\d.]+$/.test(each))
  return name && `/usr/sbin/${name}`
}

export interface SiteServers {
  readonly url: string
  /** The socket of MariaDB, which answers root without a password. */
  readonly databaseSocket: string
  /** php-fpm and nginx; MariaDB runs from open to close. */
  startWeb(): Promise<void>
  stopWeb(): Promise<void>
  close(): Promise<void>
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

async function userId(name: string): Promise<number> {
  return Number(await run('id', ['-u', name]))
}

async function startDatabase(stateDir: string): Promise<Server> {
  const data = join(stateDir, 'db')
  mkdirSync(data)
  chownSync(data, await userId('mysql'), -1)
  const auth = ['--auth-root-authentication-method=normal', '--skip-test-db']
  const place = ['--no-defaults', '--user=mysql', `--datadir=${data}`, `--tmpdir=${data}`]
  await run('mariadb-install-db', [...place, ...auth])
  const socket = join(data, 'db.sock')
  const tuning = ['--innodb-buffer-pool-size=64M', '--innodb-flush-log-at-trx-commit=2']
  const flags = [`--socket=${socket}`, '--skip-networking', '--performance-schema=0', ...tuning]
  const server = await startServer('mariadbd', [...place, ...flags])
  const ping = () =>
    run('mariadb-admin', ['--no-defaults', '-uroot', '-S', socket, 'ping']).then(
      () => true,
      () => false,
    )
  try {
    await waitFor('MariaDB to answer', async () => !server.running() || (await ping()))
    if (!server.running()) throw new Error('MariaDB ended at once')
    return server
  } catch (error) {
    server.kill('SIGKILL')
    throw new Error(`${(error as Error).message}:\n${server.output()}`)
  }
}

function fpmConfig(stateDir: string): string {
  return `[global]
error_log = ${stateDir}/fpm.log
[www]
user = www-data
group = www-data
listen = ${stateDir}/fpm.sock
listen.owner = www-data
pm = static
pm.max_children = 4
catch_workers_output = yes
php_admin_value[upload_max_filesize] = 64M
php_admin_value[post_max_size] = 64M
php_admin_value[error_log] = ${stateDir}/php.log
`
}

function nginxConfig(stateDir: string, siteDir: string, port: number): string {
  const temporary = ['client_body', 'fastcgi', 'proxy', 'scgi', 'uwsgi']
    .map((name) => `  ${name}_temp_path ${stateDir}/nginx-${name};`)
    .join('\n')
  return `pid ${stateDir}/nginx.pid;
error_log ${stateDir}/nginx.log;
user www-data;
worker_processes 1;
daemon off;
events { worker_connections 256; }
http {
  include /etc/nginx/mime.types;
  access_log off;
  client_max_body_size 64m;
  sendfile on;
${temporary}
  server {
    listen 127.0.0.1:${port};
    root ${siteDir};
    index index.php;
    location / { try_files $uri $uri/ /index.php?$args; }
    location ~ \\.php$ {
      include /etc/nginx/fastcgi_params;
      fastcgi_param HTTP_HOST 127.0.0.1:${port};
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      fastcgi_read_timeout 120;
      fastcgi_pass unix:${stateDir}/fpm.sock;
    }
  }
}
`
}

async function endServer(server: Server): Promise<void> {
  server.kill('SIGTERM')
  await waitFor(`a server to end:\n${server.output()}`, () => !server.running())
}

/** Starts MariaDB for a site whose files lie in `siteDir`; everything else goes to `stateDir`. */
export async function openServers(stateDir: string, siteDir: string): Promise<SiteServers> {
  mkdirSync(stateDir)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  writeFileSync(join(stateDir, 'fpm.conf'), fpmConfig(stateDir))
  writeFileSync(join(stateDir, 'nginx.conf'), nginxConfig(stateDir, siteDir, port))
  const database = await startDatabase(stateDir)
  let web: Server[] = []
  const stopWeb = async () => {
    await Promise.all(web.map(endServer))
    web = []
  }
  const startWeb = async () => {
    const fpm = findFpm() as string
    web.push(await startServer(fpm, ['-F', '-y', join(stateDir, 'fpm.conf')]))
    web.push(await startServer('nginx', ['-c', join(stateDir, 'nginx.conf')]))
    // A page of PHP: nginx alone answers before php-fpm does.
    const answers = () =>
      fetch(`${url}/wp-login.php`, { redirect: 'manual' }).then(
        (response) => response.status < 500,
        () => false,
      )
    const said = () => web.map((server) => server.output()).join('\n')
    await waitFor('the web server to answer', answers).catch((error: Error) => {
      throw new Error(`${error.message}\n${said()}`)
    })
  }
  const close = async () => {
    await stopWeb()
    await endServer(database)
  }
  return { url, databaseSocket: join(stateDir, 'db/db.sock'), startWeb, stopWeb, close }
}
