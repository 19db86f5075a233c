import type { CliContext } from './context.ts';
import { usageError } from './errors.ts';
import { configFile, folderProfile, isReadByOthers, type Profile, readProfiles } from './profiles.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  profile?: string;
  apiUrl?: string;
  org?: string;
  json?: boolean;
  jsonl?: boolean;
  color?: boolean;
  yes?: boolean;
  input?: boolean;
}

export interface Settings {
  configFile: string;
  profileName: string;
  profile: Profile;
  apiUrl: string;
  apiKey: string | undefined;
  /** Where the key is from; null: there is none. */
  keySource: 'SPARK360_API_KEY' | 'profile' | null;
  organization: string | undefined;
  /** Something about the settings that the person should know. */
  warning: string | null;
}

const defaultApiUrl = 'http://127.0.0.1:8080';

/**
 * What holds: a flag, else the environment, else the profile. The profile is the one that `--profile`, SPARK360_PROFILE
 * or the folder's `.spark360.toml` names, else `default`.
 * @param mayBeNew the profile need not exist yet
 */
export async function readSettings(
  context: Pick<CliContext, 'environment' | 'homeFolder' | 'workingFolder'>,
  options: GlobalOptions,
  { mayBeNew = false }: { mayBeNew?: boolean } = {},
): Promise<Settings> {
  const { environment } = context;
  const path = configFile(context);
  const named = options.profile ?? (environment.SPARK360_PROFILE || (await folderProfile(context.workingFolder)));
  const profileName = named ?? 'default';
  const profiles = await readProfiles(path);
  const profile = profiles[profileName];
  if (profile === undefined && named !== null && !mayBeNew) {
    throw usageError(`There is no profile ${profileName} in ${path}. Run \`spark360 login --profile ${profileName}\`.`);
  }
  const apiUrl = options.apiUrl ?? (environment.SPARK360_API_URL || profile?.api_url) ?? defaultApiUrl;
  if (!/^https?:\/\//.test(apiUrl) || !URL.canParse(apiUrl)) {
    throw usageError(`${apiUrl} is no URL of the service: expected https:// or http://.`);
  }
  const environmentKey = environment.SPARK360_API_KEY || undefined;
  return {
    configFile: path,
    profileName,
    profile: profile ?? {},
    apiUrl,
    apiKey: environmentKey ?? profile?.api_key,
    keySource: environmentKey !== undefined ? 'SPARK360_API_KEY' : profile?.api_key !== undefined ? 'profile' : null,
    organization: options.org ?? (environment.SPARK360_ORGANIZATION || profile?.organization),
    warning: (await isReadByOthers(path)) ? `${path} holds keys and others may read it: run chmod 600 ${path}` : null,
  };
}
