import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'smol-toml';
import { z } from 'zod/mini';
import type { CliContext } from './context.ts';
import { usageError } from './errors.ts';

const profile = z.strictObject({
  api_url: z.optional(z.string()),
  api_key: z.optional(z.string()),
  organization: z.optional(z.string()),
  /** Signs what `listen` forwards: the same each time, so that the code under test needs it once. */
  listen_secret: z.optional(z.string()),
});
const file = z.strictObject({ profile: z.optional(z.record(z.string(), profile)) });

/** What a profile of `config.toml` holds (`[profile.<name>]`, the shape that Temporal's command line uses). */
export type Profile = z.infer<typeof profile>;

export const configFile = ({ environment, homeFolder }: Pick<CliContext, 'environment' | 'homeFolder'>): string =>
  join(environment.XDG_CONFIG_HOME || join(homeFolder, '.config'), 'spark360', 'config.toml');

/** All profiles; none where there is no file yet. @throws a usage error that names the file and the line */
export async function readProfiles(path: string): Promise<Record<string, Profile>> {
  const content = await contentOf(path);
  return content === null ? {} : (checked(file, content, path).profile ?? {});
}

/** Whether others than the owner may read the file with the keys. */
export async function isReadByOthers(path: string): Promise<boolean> {
  if (process.platform === 'win32') return false;
  const stats = await stat(path).catch(() => null);
  return stats !== null && (stats.mode & 0o077) !== 0;
}

/** Changes one profile and leaves the others. The file is replaced at once, and only its owner may read it. */
export async function saveProfile(path: string, name: string, change: Profile): Promise<void> {
  const profiles = await readProfiles(path);
  const next = { ...profiles, [name]: { ...profiles[name], ...change } };
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, stringify({ profile: next }), { mode: 0o600 });
  await rename(draft, path);
}

const folderFile = z.strictObject({ profile: z.string() });

/** The profile that a `.spark360.toml` in the folder names; null where there is none. It may hold no key. */
export async function folderProfile(folder: string): Promise<string | null> {
  const path = join(folder, '.spark360.toml');
  const content = await contentOf(path);
  return content === null ? null : checked(folderFile, content, path).profile;
}

async function contentOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Never quotes a value: the file may hold keys. */
function checked<Output>(schema: z.core.$ZodType<Output>, content: string, path: string): Output {
  let value: unknown;
  try {
    value = parse(content);
  } catch (error) {
    throw usageError(`${path} is not TOML: ${String((error as Error).message).split('\n')[0]}`);
  }
  const result = z.safeParse(schema, value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const names = issue?.code === 'unrecognized_keys' ? issue.keys : [];
  throw usageError(`${path}: ${[...(issue?.path ?? []), ...names].join('.')}: ${issue?.message ?? 'not understood'}`);
}
