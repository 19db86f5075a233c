import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { operatorKey } from '../http/call.ts';
import { type TestApi, startTestApi } from '../http/api.ts';
import { aPartner, type Partner } from '../http/partner.ts';
import { Person } from './spark360.ts';

let api: TestApi;
let partner: Partner;
let key: string;
let person: Person;
beforeAll(async () => {
  api = await startTestApi();
  partner = await aPartner(api, 'http://127.0.0.1:9');
  key = (await api.call('POST', `${partner.path}/api-keys`, { body: {} })).body.key;
});
afterAll(() => api?.stop());
beforeEach(() => {
  person = new Person();
});
afterEach(() => person.forget());

const login = (...args: string[]) => person.run(['login', '--api-url', api.url, ...args], { input: `${key}\n` });

test('login takes the key from stdin, checks it, and keeps it for its owner only', async () => {
  const { code, stdout, stderr } = await login();
  expect(code).toBe(0);
  expect(stdout + stderr).not.toContain(key);
  expect(stdout).toMatch(/role +organization/);
  expect(statSync(person.configFile).mode & 0o777).toBe(0o600);
  expect(readFileSync(person.configFile, 'utf8')).toBe(
    `[profile.default]\napi_url = "${api.url}"\napi_key = "${key}"\norganization = "${partner.organization}"\n`,
  );
  expect((await person.run(['endpoints', 'list', '--json'])).json.data).toHaveLength(1);
});

test('a key that the service does not know is not kept', async () => {
  const { code } = await person.run(['login', '--api-url', api.url], { input: 'sk_org_wrong' });
  expect(code).toBe(3);
  expect(() => statSync(person.configFile)).toThrow('ENOENT');
});

test('a flag goes before the environment, which goes before the profile', async () => {
  await login();
  const elsewhere = 'http://127.0.0.1:9';
  const url = async (args: string[], environment: Record<string, string>) =>
    (await person.run(['config', 'list', '--json', ...args], { environment })).json.api_url;
  expect(await url([], {})).toBe(api.url);
  expect(await url([], { SPARK360_API_URL: elsewhere })).toBe(elsewhere);
  expect(await url(['--api-url', 'http://127.0.0.1:7'], { SPARK360_API_URL: elsewhere })).toBe('http://127.0.0.1:7');
  const asOperator = await person.run(['whoami', '--json'], { environment: { SPARK360_API_KEY: operatorKey } });
  expect(asOperator.json).toMatchObject({ role: 'operator', key_source: 'SPARK360_API_KEY' });
});

test('profiles stand beside each other; --profile, SPARK360_PROFILE and .spark360.toml name one', async () => {
  await login('--profile', 'staging');
  const who = (args: string[], options = {}) => person.run(['whoami', '--json', ...args], options);
  expect((await who([])).code).toBe(3);
  expect((await who(['--profile', 'staging'])).json.profile).toBe('staging');
  expect((await who([], { environment: { SPARK360_PROFILE: 'staging' } })).json.profile).toBe('staging');
  const workingFolder = join(person.home, 'project');
  mkdirSync(workingFolder);
  writeFileSync(join(workingFolder, '.spark360.toml'), 'profile = "staging"\n');
  expect((await who([], { workingFolder })).json.profile).toBe('staging');
  const unknown = await who(['--profile', 'production'], { workingFolder });
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no profile production') });
});

test("a project's file may hold no key", async () => {
  writeFileSync(join(person.home, '.spark360.toml'), `profile = "default"\napi_key = "${key}"\n`);
  const { code, stderr } = await person.run(['whoami']);
  expect(code).toBe(2);
  expect(stderr).toContain('.spark360.toml: api_key');
  expect(stderr).not.toContain(key);
});

test('config list masks keys, also those of other profiles', async () => {
  await login();
  await login('--profile', 'staging');
  const { stdout } = await person.run(['config', 'list']);
  expect(stdout).toMatch(/profile\.staging\.api_key +sk_org_…/);
  expect(stdout).not.toContain(key);
});

test('a file that others may read is told of; one that is no TOML is a usage error that quotes nothing of it', async () => {
  await login();
  chmodSync(person.configFile, 0o644);
  expect((await person.run(['config', 'list'])).stderr).toContain('others may read it');
  writeFileSync(person.configFile, `[profile.default]\napi_key = ${key}\n`);
  const { code, stderr } = await person.run(['whoami']);
  expect(code).toBe(2);
  expect(stderr).toContain('config.toml is not TOML');
  expect(stderr).not.toContain(key);
});

test('XDG_CONFIG_HOME moves the file', async () => {
  const environment = { XDG_CONFIG_HOME: join(person.home, 'elsewhere') };
  await person.run(['login', '--api-url', api.url], { input: key, environment });
  expect(statSync(join(person.home, 'elsewhere/spark360/config.toml')).isFile()).toBe(true);
});
