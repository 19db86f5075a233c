import type { Finding } from '../doctor/check.ts';
import type { CliContext } from './context.ts';
import { endWith } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import { withProgress } from './progress.ts';
import { outputOf } from './session.ts';
import type { GlobalOptions } from './settings.ts';
import { printable } from './table.ts';

/** @throws exit code 1 when a check failed */
export async function runDoctor(context: CliContext, options: GlobalOptions, { fix }: { fix: boolean }): Promise<void> {
  const out = outputOf(context, options);
  if (out.format === 'text') out.note('Looking …');
  const findings = await withProgress({ context, out }, 0, (update) =>
    context.own.doctor({ fix, tell: (progress) => update(0, progress) }),
  );
  const isWell = findings.every(({ status }) => status !== 'failed');
  if (out.format === 'jsonl') for (const finding of findings) out.item(finding);
  else if (out.format === 'json') out.document({ ok: isWell, findings });
  else for (const finding of findings) printFinding(out, finding);
  if (!isWell) throw endWith(exitCodes.failed);
}

function printFinding(out: ReturnType<typeof outputOf>, { check, status, detail, remedy, fixed }: Finding): void {
  const { green, yellow, red, dim } = out.paint;
  const color = { ok: green, warning: yellow, failed: red, skipped: dim }[status];
  out.line(`${color(status.padEnd(8))}${check.padEnd(19)}${printable(detail)}`);
  if (fixed !== null) out.line(`        fixed: ${printable(fixed)}`);
  if (remedy !== null) out.line(`        do: ${printable(remedy)}`);
}
