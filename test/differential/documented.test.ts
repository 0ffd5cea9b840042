import { expect, test } from 'vitest';
import { readListedNames } from '../integration/transparency/listed-names.ts';
import { OF_THE_GATEWAY } from './expected-differences.ts';

test('docs/transparency.md explains every way in which clients get further through the gateway, and no other', async () => {
  const documented = await readListedNames('Where clients get further');
  expect(documented.toSorted()).toEqual(
    OF_THE_GATEWAY.map(({ documented: name }) => name).toSorted(),
  );
});
