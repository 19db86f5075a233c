import type { Finding } from '../cli/context.ts';

export async function runDoctor(_: { fix: boolean }): Promise<Finding[]> {
  return [];
}
