import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

/** The linter of arrows (.dependency-cruiser.json) does not tell an import of types from one of values: here is the rule that needs it. */
test.each(readdirSync('workflows').filter((file) => file.endsWith('.ts')))(
  'workflows/%s names activities as types only',
  (file) => {
    const imports = readFileSync(join('workflows', file), 'utf8').match(/^import [\s\S]*?;$/gm) ?? [];
    for (const line of imports.filter((text) => text.includes("'../activities/")))
      expect(line).toMatch(/^import type /);
  },
);
