/**
 * The `event_id` of an event: a random number of its workflow's, mixed with what makes the event. A run that is
 * restored to an earlier moment draws its numbers again, and must not give one of them to two events.
 * @param random a uuid v4
 * @param cause what no other event of the workflow has: a lead's type of event, the inbound id that changed a widget
 */
export function eventIdOf(random: string, cause: string): string {
  const mixed = (Number.parseInt(random.slice(0, 8), 16) ^ hash(cause)) >>> 0;
  return mixed.toString(16).padStart(8, '0') + random.slice(8);
}

/** FNV-1a, 32 bits: a workflow has no hash of Node's. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ character.charCodeAt(0), 0x01000193);
  return value;
}
