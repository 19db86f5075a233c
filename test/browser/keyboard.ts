import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';

// What a person does who has no mouse: Tab, arrows, Enter, Space, Escape and letters.

/** Presses Tab until what has that name has the focus. */
export async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const matches = (text: string) => (typeof name === 'string' ? text === name : name.test(text));
  for (let presses = 0; presses < 120; presses += 1) {
    await page.keyboard.press('Tab');
    if (matches(await focusedName(page))) return;
  }
  throw new Error(`Tab never reached ${name}; the focus is on ${await focusedName(page)}`);
}

// As a string: the types of the tests know no page.
export const focusedName = (page: Page): Promise<string> =>
  page.evaluate<string>(`(() => {
    const element = document.activeElement;
    const labelledBy = document.getElementById(element?.getAttribute('aria-labelledby') ?? '');
    const label = labelledBy ?? element?.labels?.[0] ?? element;
    const name = element?.getAttribute('aria-label') ?? label?.textContent;
    return (name ?? '').trim();
  })()`);

export async function press(page: Page, name: string | RegExp): Promise<void> {
  await tabTo(page, name);
  await page.keyboard.press('Enter');
}

/** Opens the menu of further actions and chooses an entry by arrows: the focus moves there a moment after it opens. */
export async function choose(page: Page, entry: string): Promise<void> {
  await press(page, 'More actions');
  await page.getByRole('menu').waitFor();
  await eventually(async () => {
    if ((await focusedName(page)) !== entry) await page.keyboard.press('ArrowDown');
    expect(await focusedName(page)).toBe(entry);
  });
  await page.keyboard.press('Enter');
}
