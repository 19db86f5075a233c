import { headerOf, SealedValueError } from '../crypto/key-ring.ts';
import { sealedValues } from '../db/sealed-values.ts';
import { secretContext } from '../webhooks/signing-secrets.ts';
import { type Check, failed, ok, warning } from './check.ts';

const sampleSize = 200;

export const keysCheck: Check = {
  name: 'keys',
  needs: ['schema'],
  remedy: 'What is sealed could not be read: look at the check of Postgres.',
  async run({ config, db, keyRing }) {
    const values = sealedValues(db);
    const header = headerOf(keyRing.primaryId);
    const secrets = [
      ...(await values.newestSecrets(sampleSize)),
      ...(await values.foreignSecrets(header, null, sampleSize)),
    ];
    const states = await values.foreignStates(header, null, sampleSize);
    const problems = new Set<string>();
    const open = (sealed: Buffer | null, context: string): void => {
      try {
        if (sealed !== null) keyRing.open(sealed, context);
      } catch (error) {
        if (!(error instanceof SealedValueError)) throw error;
        problems.add(error.message);
      }
    };
    for (const { id, secret, next_secret } of secrets) {
      open(secret, secretContext(id));
      open(next_secret, secretContext(id));
    }
    for (const { subject, state } of states) open(state, subject);
    if (problems.size > 0) {
      return failed(
        `Something stored cannot be opened: ${[...problems].join('; ')}.`,
        'Add the key that is missing to the end of ENCRYPTION_KEYS of every process; without it these secrets are lost.',
      );
    }
    const left = await values.countForeign(header);
    if (left.endpoints + left.leads > 0) {
      return warning(
        `${left.endpoints} endpoints and ${left.leads} leads are sealed under an older key than ${keyRing.primaryId}.`,
        'spark360 reencrypt; the older keys stay in the ring until it has found nothing.',
      );
    }
    if (config.nodeEnv === 'production' && config.adminApiKey.length < 24) {
      return warning('ADMIN_API_KEY is short.', 'Choose one of 32 random characters or more.');
    }
    return ok(`Everything stored is sealed under key ${keyRing.primaryId}, and opens.`);
  },
};
