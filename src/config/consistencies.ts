/** Consistency levels that may be asked for, by Cassandra's names. */
export const consistencies = [
  'LOCAL_QUORUM',
  'QUORUM',
  'EACH_QUORUM',
  'LOCAL_ONE',
  'ONE',
  'TWO',
  'THREE',
  'ALL',
] as const
