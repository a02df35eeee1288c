// When docs/examples/in-order.js asks for parts, and what it shows. Node runs it with a clock that the tests turn.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { inOrder } from '../../docs/examples/in-order.js';

const MINUTE_MS = 60_000;

const TEXT = { type: 'text-delta', id: 'text-0', delta: 'one' };
const METADATA = { type: 'message-metadata', messageMetadata: {} };
const DATA_ERROR = { type: 'data-error', data: { code: 'internal' }, transient: true };
const ERROR = { type: 'error', errorText: 'The answer broke off.' };
const FINISH = { type: 'finish' };

/** The stream, what it shows, and the queries that it has sent: each is answered by its `resolve` or `reject`. */
let stream, shown, asked;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] });
  shown = [];
  asked = [];
  stream = inOrder(
    part => shown.push(part),
    () => {
      const answer = Promise.withResolvers();
      asked.push(answer);
      return answer.promise;
    },
  );
});

afterEach(() => mock.timers.reset());

function batch(firstSequence, parts, epoch = 0) {
  return { epoch, firstSequence, parts: parts.map(part => JSON.stringify(part)), cursor: `${epoch}-${firstSequence}` };
}

/** A minute in which every query is answered at once; how many were sent. */
async function queriesOfAMinute() {
  const before = asked.length;
  for (let second = 0; second < 60; second++) {
    mock.timers.tick(MINUTE_MS / 60);
    asked.at(-1)?.resolve({ ...batch(0, []), ended: false });
    await setImmediate();
  }
  return asked.length - before;
}

test('Silence is asked about, each second.', async () => {
  stream.take(batch(0, [TEXT]));
  assert.equal(await queriesOfAMinute(), 60);
});

test('Nothing is asked after the end, though a query was under way when it came.', async () => {
  stream.take(batch(0, [TEXT]));
  mock.timers.tick(1_000);
  stream.take(batch(1, [FINISH]));
  await stream.over;
  asked[0].resolve({ ...batch(0, [TEXT]), ended: false });
  await setImmediate();
  assert.equal(await queriesOfAMinute(), 0);
  assert.deepEqual(shown, [TEXT, FINISH]);
});

test('Nothing is asked after the end, though its batch comes twice.', async () => {
  stream.take(batch(0, [TEXT, FINISH]));
  await stream.over;
  stream.take(batch(0, [TEXT, FINISH]));
  assert.equal(await queriesOfAMinute(), 0);
  assert.deepEqual(shown, [TEXT, FINISH]);
});

test('Nothing is asked when the answer was over before its start was answered.', async () => {
  stream.take(batch(0, [TEXT, FINISH]));
  await stream.over;
  stream.listen();
  assert.equal(await queriesOfAMinute(), 0);
});

test('Nothing is asked after a query that failed, though batches go on to come.', async () => {
  stream.listen();
  mock.timers.tick(1_000);
  asked[0].reject(new Error('no'));
  await assert.rejects(stream.over, { message: 'no' });
  stream.take(batch(0, [TEXT]));
  assert.equal(await queriesOfAMinute(), 0);
});

test('Nothing is asked after a page that says that no more was kept.', async () => {
  stream.listen();
  mock.timers.tick(1_000);
  asked[0].resolve({ ...batch(0, [TEXT]), ended: true });
  await assert.rejects(stream.over, { message: 'The answer broke off.' });
  assert.equal(await queriesOfAMinute(), 0);
  assert.deepEqual(shown, [TEXT]);
});

test('The page with the terminal part is the end, and no failure.', async () => {
  stream.listen();
  mock.timers.tick(1_000);
  asked[0].resolve({ ...batch(0, [TEXT, FINISH]), ended: true });
  await stream.over;
  assert.equal(await queriesOfAMinute(), 0);
});

test('Of an end that is numbered below what has come, its metadata, its error and its terminal part are shown.', async () => {
  stream.take(batch(0, [TEXT, TEXT, TEXT]));
  stream.take(batch(1, [{ type: 'text-end', id: 'text-0' }, METADATA, DATA_ERROR, ERROR], 1));
  await stream.over;
  assert.deepEqual(shown, [TEXT, TEXT, TEXT, METADATA, DATA_ERROR, ERROR]);
});

test('Nothing is shown after the end, also when another end follows.', async () => {
  stream.take(batch(0, [TEXT, FINISH]));
  stream.take(batch(1, [METADATA, DATA_ERROR, ERROR], 1));
  await stream.over;
  assert.deepEqual(shown, [TEXT, FINISH]);
});
