import type { CliContext } from './context.ts';
import { endWith, usageError } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import { parseRequest } from './http-message.ts';
import { outputOf } from './session.ts';
import type { GlobalOptions } from './settings.ts';
import { isVerified, verify } from './verify.ts';

/** A request is at most as large as a body may be, and its headers (bytes). */
const maxRequestBytes = 8 * 1024 * 1024;

/** @throws exit code 1 when a check fails */
export async function verifyStdin(
  context: CliContext,
  options: GlobalOptions,
  { secretEnv, at }: { secretEnv: string; at: string | undefined },
): Promise<void> {
  const secret = context.environment[secretEnv];
  if (!secret) throw usageError(`${secretEnv} is not set: it holds the endpoint's signing secret, whsec_…`);
  const request = parseRequest(await readStdin(context));
  const checks = verify(request, secret, at === undefined ? Date.now() : Date.parse(at));
  const out = outputOf(context, options);
  const ok = isVerified(checks);
  if (out.format === 'text') {
    for (const { check, ok: holds, detail, cause } of checks) {
      out.line(`${holds ? out.paint.green('ok    ') : out.paint.red('failed')}  ${check.padEnd(20)}  ${detail}`);
      if (cause !== null) out.line(`        ${cause}`);
    }
  } else out.thing({ ok, checks }, []);
  if (!ok) throw endWith(exitCodes.failed);
}

async function readStdin({ stdin }: CliContext): Promise<Buffer> {
  if (stdin.isTTY === true) throw usageError('The request is expected on stdin: spark360 verify < request.http');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    chunks.push(Buffer.from(chunk as Buffer));
    size += (chunk as Buffer).length;
    if (size > maxRequestBytes) throw usageError('The request is larger than 8 MiB.');
  }
  return Buffer.concat(chunks);
}
