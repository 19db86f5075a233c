import { text } from 'node:stream/consumers';
import { ApiClient } from './api-client.ts';
import { usageError } from './errors.ts';
import { type Profile, readProfiles, saveProfile } from './profiles.ts';
import { type Identity, mayAsk, type Session } from './session.ts';

/**
 * Checks a key with the service, then keeps it in the profile. Flags of the command go with it: `--api-url`, `--org`.
 */
export async function login({ context, settings, options, out }: Session): Promise<void> {
  const key = (await readKey(context, mayAsk(context, options))).trim();
  if (key === '') throw usageError('No key was given. Give it on stdin: spark360 login < key-file');
  const identity = await new ApiClient(settings.apiUrl, key).call<Identity>('GET', '/v1/session');
  const organization = identity.organization_id ?? options.org ?? settings.organization;
  await saveProfile(settings.configFile, settings.profileName, {
    api_url: settings.apiUrl,
    api_key: key,
    ...(organization !== undefined && { organization }),
  });
  const { role, organization_id } = identity;
  out.thing({ profile: settings.profileName, role, organization_id, api_url: settings.apiUrl }, [
    ['profile', settings.profileName],
    ['role', role],
    ['organization', organization],
    ['kept in', settings.configFile],
  ]);
  out.hint(
    role === 'ingest' ? 'spark360 trigger journey' : 'spark360 listen --forward-to http://localhost:3000/webhooks',
  );
}

async function readKey(context: Session['context'], ask: boolean): Promise<string> {
  if (ask) return (await import('./prompts.ts')).askForKey(context);
  if (context.stdin.isTTY === true) throw usageError('No terminal may be asked. Give the key on stdin.');
  return text(context.stdin);
}

/** Shows the settings that hold for a command here and now, and all profiles. */
export async function listConfig({ settings, out }: Session): Promise<void> {
  const profiles = Object.fromEntries(
    Object.entries(await readProfiles(settings.configFile)).map(([name, profile]) => [name, masked(profile)]),
  );
  const effective = {
    config_file: settings.configFile,
    profile: settings.profileName,
    api_url: settings.apiUrl,
    api_key: mask(settings.apiKey),
    organization: settings.organization ?? null,
  };
  out.thing({ ...effective, profiles }, [
    ...Object.entries(effective),
    ...Object.entries(profiles).flatMap(([name, profile]) =>
      Object.entries(profile).map(([field, value]): [string, unknown] => [`profile.${name}.${field}`, value]),
    ),
  ]);
}

const masked = ({ api_key, listen_secret, ...rest }: Profile) => ({
  ...rest,
  ...(api_key !== undefined && { api_key: mask(api_key) }),
  ...(listen_secret !== undefined && { listen_secret: mask(listen_secret) }),
});

/** What kind of key it is, and nothing to use it by. */
const mask = (key: string | undefined): string | null =>
  key === undefined ? null : `${/^(?:sk_[a-z]+_|whsec_)/.exec(key)?.[0] ?? ''}…`;
