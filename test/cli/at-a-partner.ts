import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { type TestApi, startTestApi } from '../http/api.ts';
import { aPartner, type Partner } from '../http/partner.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { Person } from './spark360.ts';

/** The service, and a person who works for one of its partners with that partner's key. */
export interface AtAPartner {
  api: TestApi;
  receiver: Receiver;
  partner: Partner;
  key: string;
  /** With the service's URL and the key in the environment. */
  person: Person;
}

/**
 * Starts the service before all tests of a file, and makes a partner before each. What it gives is there within tests.
 */
export function atAPartner(): AtAPartner {
  const at = {} as AtAPartner;
  beforeAll(async () => {
    at.api = await startTestApi({ worker: true });
    at.receiver = await startReceiver();
  });
  afterAll(async () => {
    await at.receiver?.close();
    await at.api?.stop();
  });
  beforeEach(async () => {
    at.receiver.answer({});
    at.partner = await aPartner(at.api, at.receiver.url);
    at.key = (await at.api.call('POST', `${at.partner.path}/api-keys`, { body: {} })).body.key;
    at.person = new Person({ SPARK360_API_URL: at.api.url, SPARK360_API_KEY: at.key });
  });
  afterEach(() => at.person.forget());
  return at;
}
