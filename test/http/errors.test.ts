import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { apiErrors } from '../../src/errors.ts';

test('docs/api-errors.md has the table of src/errors.ts, row by row', () => {
  const documentation = readFileSync(new URL('../../docs/api-errors.md', import.meta.url), 'utf8');
  const rows = documentation.split('\n').filter((line) => line.startsWith('| `'));
  expect(rows).toEqual(
    Object.entries(apiErrors).map(
      ([code, { status, title, meaning }]) => `| \`${code}\` | ${status} | ${title} | ${meaning} |`,
    ),
  );
});
