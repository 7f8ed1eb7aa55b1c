/**
 * Finds a Java that Cassandra 5.0 runs on, and fetches Cassandra itself: `cassandra-all` and its
 * dependencies from Maven (about 100 jars, 67 MB), once a machine. What is missing comes back as a
 * sentence, so that a caller may skip instead of fail.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export const CASSANDRA_VERSION = '5.0.9'
/** https://cassandra.apache.org/doc/5.0/cassandra/reference/java17.html: 11 and 17, nothing else. */
const JAVA_VERSIONS = ['17', '11']
const ADVICE = 'on Debian or Ubuntu: apt-get install openjdk-17-jre-headless maven'

function javaVersion(java) {
  const { stderr, status } = spawnSync(java, ['-version'], { encoding: 'utf8' })
  return status === 0 ? /version "(\d+)/.exec(stderr)?.[1] : undefined
}

/** The java to run, or undefined: $JAVA_HOME, the PATH, then what lies in /usr/lib/jvm. */
export function findJava() {
  const candidates = ['java']
  if (process.env.JAVA_HOME) candidates.unshift(join(process.env.JAVA_HOME, 'bin/java'))
  if (existsSync('/usr/lib/jvm'))
    for (const name of readdirSync('/usr/lib/jvm'))
      candidates.push(join('/usr/lib/jvm', name, 'bin/java'))
  return candidates.find((java) => JAVA_VERSIONS.includes(javaVersion(java) ?? ''))
}

/** $CASSFS_TEST_CACHE or ~/.cache/cassfs-test: what tests fetch once and keep. */
export function testCacheDir() {
  return process.env.CASSFS_TEST_CACHE || join(homedir(), '.cache/cassfs-test')
}

function jarsDir() {
  return join(testCacheDir(), `cassandra-${CASSANDRA_VERSION}`)
}

/** Why no Cassandra can run here, with the way out; undefined when one can. */
export function whatIsMissing() {
  if (!findJava()) return `Java 17 (or 11) was not found; ${ADVICE}`
  if (existsSync(jarsDir())) return undefined
  if (spawnSync('mvn', ['--version']).status !== 0) return `Maven (mvn) was not found; ${ADVICE}`
  return undefined
}

/** The folder of Cassandra's jars. Two processes may call it at once: the first rename wins. */
export function fetchJars() {
  const target = jarsDir()
  if (existsSync(target)) return target
  const work = `${target}.${process.pid}`
  mkdirSync(work, { recursive: true })
  writeFileSync(join(work, 'pom.xml'), pom())
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime']
  execFileSync(
    'mvn',
    ['-q', '-B', '-f', join(work, 'pom.xml'), ...goal, `-DoutputDirectory=${work}/lib`],
    { stdio: ['ignore', 2, 2], timeout: 300_000 },
  )
  try {
    renameSync(join(work, 'lib'), target)
  } catch (error) {
    if (!existsSync(target)) throw error
  }
  rmSync(work, { recursive: true, force: true })
  return target
}

function pom() {
  return `<project><modelVersion>4.0.0</modelVersion>
<groupId>cassfs</groupId><artifactId>test-node</artifactId><version>1</version>
<dependencies><dependency>
  <groupId>org.apache.cassandra</groupId><artifactId>cassandra-all</artifactId>
  <version>${CASSANDRA_VERSION}</version>
</dependency></dependencies></project>
`
}
