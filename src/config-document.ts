import type { z } from 'zod';
import { type Environment, variables } from './config.ts';

interface Variable {
  name: string;
  /** As one would write it; null when absent means something, which the description says. */
  fallback: string | null;
  secret: boolean;
  description: string;
}

function describeVariables(): Variable[] {
  return Object.entries<z.ZodType>(variables).map(([name, schema]) => {
    const { def } = schema as unknown as { def: { type: string; defaultValue?: unknown } };
    const meta = schema.meta() as { description?: string; secret?: boolean } | undefined;
    return {
      name,
      fallback: def.type === 'prefault' ? String(def.defaultValue) : null,
      secret: meta?.secret === true,
      description: meta?.description ?? '',
    };
  });
}

/** `docs/configuration.md`, whole. */
export function configurationDocument(): string {
  const rows = describeVariables().map(
    ({ name, fallback, description }) =>
      `| \`${name}\` | ${fallback === null ? '' : `\`${fallback}\``} | ${description} |`,
  );
  return `# Configuration

Made from \`src/config.ts\` by \`npm run docs:configuration\`; a test compares them.

Everything is read from the environment and checked at start: a wrong value names itself, all wrong ones at once, and the
process exits with code 1. An empty variable is an absent one. Durations read \`500ms\`, \`5s\`, \`10m\`, \`4h\`, \`30d\`.

| Variable | Default | Meaning |
|---|---|---|
${rows.join('\n')}
`;
}

/** The settings for the log at start: secrets are only said to be there, those within a URL too. */
export function maskedSettings(environment: Environment): Record<string, string> {
  const shown = describeVariables().flatMap(({ name, fallback, secret }): [string, string][] => {
    const value = environment[name] || fallback;
    return value ? [[name, secret ? '***' : withoutCredentials(value)]] : [];
  });
  return Object.fromEntries(shown);
}

/** A URL may hold a user, a password and, as its query, a token. */
function withoutCredentials(value: string): string {
  if (!URL.canParse(value) || !value.includes('://')) return value;
  const url = new URL(value);
  if (url.username === '' && url.password === '' && url.search === '') return value;
  return `${url.protocol}//${url.username || url.password ? '***@' : ''}${url.host}${url.pathname}${url.search ? '?***' : ''}`;
}
