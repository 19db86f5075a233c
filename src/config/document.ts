import type { Environment } from './config.ts';
import { type Variable, variables } from './variables.ts';

const all = Object.values<Variable>(variables);

/** `docs/configuration.md`, whole. */
export function configurationDocument(): string {
  const rows = all.map(
    ({ name, fallback, description }) =>
      `| \`${name}\` | ${fallback === null ? '' : `\`${fallback}\``} | ${description} |`,
  );
  return `# Configuration

Made from \`src/config/variables.ts\` by \`npm run docs:configuration\`; a test compares them.

Everything is read from the environment and checked at start: a wrong value names itself, all wrong ones at once, and the
process exits with code 1. An empty variable is an absent one. Durations read \`500ms\`, \`5s\`, \`10m\`, \`4h\`, \`30d\`.

| Variable | Default | Meaning |
|---|---|---|
${rows.join('\n')}
`;
}

/** The settings for the log at start: secrets are only said to be there, those within a URL too. */
export function maskedSettings(environment: Environment): Record<string, string> {
  const shown = all.flatMap(({ name, fallback, isSecret }): [string, string][] => {
    const value = environment[name] || fallback;
    return value ? [[name, isSecret ? '***' : withoutCredentials(value)]] : [];
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
