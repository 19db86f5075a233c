import { spawn } from 'node:child_process';
import { failedError } from './errors.ts';

const openers: Partial<Record<NodeJS.Platform, string[]>> = {
  darwin: ['open'],
  win32: ['explorer'],
};

/** Opens an address with the system's own program; where there is none, it is for the person to open. */
export function openInBrowser(url: string): Promise<void> {
  const [program = 'xdg-open', ...args] = openers[process.platform] ?? ['xdg-open'];
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true });
    child.once('spawn', () => {
      child.unref();
      resolve();
    });
    child.once('error', () => reject(failedError(`${program} cannot be started: open the address yourself.`)));
  });
}
