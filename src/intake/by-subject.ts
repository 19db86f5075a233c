/** Groups by lead or widget: groups may go side by side, what is in one goes in the given order (spec section 3). */
export function bySubject<Item>(items: readonly Item[], subjectOf: (item: Item) => string): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const subject = subjectOf(item);
    const group = groups.get(subject);
    if (group === undefined) groups.set(subject, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}
