// The changes on their way: none may fall out of the queue.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Member } from './member.js'
import { Pending, type PendingContext } from './pending.js'

function pending(): Pending<string> {
  return new Pending<string>({ rules: {} } as PendingContext<string>)
}

function queued(to: Pending<string>, intent: string): Member<string> {
  const member = new Member(intent, undefined, 0, 100)
  to.add(member)
  return member
}

test('a member that is over only at the second look stays in the queue', () => {
  const all = pending()
  const [first, second] = [queued(all, 'first'), queued(all, 'second')]
  let looks = 0
  const taken = all.take((member) => member === first || ++looks > 1)
  assert.deepEqual(taken, [first])
  assert.deepEqual(all.queue, [second])
})

test('those that a batch has looked at leave the queue, whatever stands before them', () => {
  const all = pending()
  const [first, second, third] = ['1', '2', '3'].map((intent) => queued(all, intent))
  all.shift([second as Member<string>])
  assert.deepEqual(all.queue, [first, third])
})
