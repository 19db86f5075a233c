/** Seals the recorded histories, and nothing else: it is no secret, and every person in them is made up. */
export const recordedKeys = `replay:${Buffer.from('spark360 recorded histories 0001').toString('base64')}`;
