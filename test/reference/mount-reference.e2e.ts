import { testReference } from './run-reference.js'

testReference(Number(process.env.CASSFS_TEST_SECONDS ?? 30))
