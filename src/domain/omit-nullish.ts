/** What is left of a group when the unknown is left out. */
export type NonNullish<T> = { [Key in keyof T]?: NonNullable<T[Key]> };

/**
 * Leaves out what is null or undefined: null and absent mean the same,
 * and no null lives past the edge (spec section 2).
 */
export function omitNullish<T extends object>(group: T): NonNullish<T> {
  return Object.fromEntries(
    Object.entries(group).filter(([, value]) => value !== null && value !== undefined),
  ) as NonNullish<T>;
}
