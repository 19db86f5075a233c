import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { configurationDocument, maskedSettings } from '../../src/config/document.ts';
import { variables } from '../../src/config/variables.ts';

test('docs/configuration.md says what the schema says', () => {
  expect(readFileSync('docs/configuration.md', 'utf8')).toBe(configurationDocument());
});

test('every variable has a description', () => {
  for (const line of configurationDocument()
    .split('\n')
    .filter((row) => row.startsWith('| `')))
    expect(line).not.toMatch(/\| +\|$/);
});

test('the settings logged at start show defaults and values, and of a secret only that it is there', () => {
  const shown = maskedSettings({
    DATABASE_URL: 'postgres://user:hidden@db/x',
    ADMIN_API_KEY: 'hidden',
    SMTP_URL: 'smtp://u:hidden@m',
    PORT: '9000',
    PATH: '/bin',
  });
  expect(shown).toMatchObject({
    DATABASE_URL: '***',
    ADMIN_API_KEY: '***',
    SMTP_URL: '***',
    PORT: '9000',
    ATTEMPT_TIMEOUT: '15s',
  });
  expect(JSON.stringify(shown)).not.toContain('hidden');
  expect(Object.values(variables).map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(shown)));
});
