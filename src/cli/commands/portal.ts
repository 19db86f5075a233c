import type { Cli } from '../cli.ts';
import type { Program } from '../bare-program.ts';
import { seconds, segment } from '../values.ts';

/** Ways into the web console. */
export function addPortalCommands(program: Program, cli: Cli): void {
  program
    .command('portal')
    .description('The web console, for partners')
    .command('link <organization>')
    .description('Make a link that signs a partner in to the console, once')
    .option('--read-only', 'for looking only')
    .option('--expires-in <duration>', 'how long it can be opened', seconds, 3_600)
    .action(async (organization, { readOnly, expiresIn }, command) => {
      const { api, out } = await cli.open(command);
      const made = await api.call<{ url: string; expires_at: string }>(
        'POST',
        `/v1/organizations/${segment(organization)}/portal-links`,
        { body: { read_only: readOnly === true, expires_in_seconds: expiresIn } },
      );
      if (out.format === 'text') out.line(made.url);
      else out.thing(made, []);
      out.note(`It works once, until ${made.expires_at}.`);
    });

  program
    .command('open <page>')
    .description('Open a page of the console: deliveries/<id>, endpoints/<id>, leads/<id>')
    .option('--print', 'only print its address')
    .action(async (page, { print }, command) => {
      const session = await cli.open(command);
      const { consoleUrl } = await import('../console-url.ts');
      const url = await consoleUrl(session, page);
      session.out.line(url);
      if (print === true) return;
      const { openInBrowser } = await import('../browser.ts');
      await openInBrowser(url);
    });
}
