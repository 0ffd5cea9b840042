import { expect, test } from 'vitest';
import { ForwardedRequests } from '../../../../src/sources/gateway/forwarded-requests.ts';

function setUp() {
  const forwarded = new ForwardedRequests();
  const cut: string[] = [];
  const add = (name: string, isStream = false) => {
    const request = {
      isStream,
      cut() {
        cut.push(name);
        forwarded.delete(request);
      },
    };
    forwarded.add(request);
    return request;
  };
  return { forwarded, cut, add };
}

test('a stop cuts streams at once and ends with the last request', async () => {
  const { forwarded, cut, add } = setUp();
  const request = add('call');
  add('stream', true);
  expect(forwarded.countStreams()).toBe(1);

  const drained = forwarded.drain(new AbortController().signal);
  expect(cut).toEqual(['stream']);
  forwarded.delete(request);
  await drained;

  expect(cut).toEqual(['stream']);
});

test('a stop lets a stream end in order when its last call is answered', async () => {
  const { forwarded } = setUp();
  const ends: string[] = [];
  const stream = {
    isStream: true,
    isBusy: true,
    finish() {
      ends.push('finished');
      forwarded.delete(stream);
    },
    cut: () => void ends.push('cut'),
  };
  forwarded.add(stream);

  const drained = forwarded.drain(new AbortController().signal);
  forwarded.noteResponse(stream);
  expect(ends).toEqual([]);
  stream.isBusy = false;
  forwarded.noteResponse(stream);
  await drained;

  expect(ends).toEqual(['finished']);
});

test('a stop cuts the requests that are left when the time is over', async () => {
  const { forwarded, cut, add } = setUp();
  add('one');
  add('two');
  const timeOver = new AbortController();

  const drained = forwarded.drain(timeOver.signal);
  timeOver.abort();
  await drained;

  expect(cut).toEqual(['one', 'two']);
});

test('a stop without requests ends at once', async () => {
  const { forwarded } = setUp();
  await forwarded.drain(new AbortController().signal);
  expect(forwarded.countStreams()).toBe(0);
});
