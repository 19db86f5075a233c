import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { stillness } from './console-rig.ts';

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

/** Opens a menu, that of further actions unless told, and chooses an entry. */
export async function choose(page: Page, entry: string, menu = 'More actions'): Promise<void> {
  await press(page, menu);
  await chooseOpen(page, entry);
}

/** Chooses an entry of the menu or list that is open: the focus is in it a moment after it opens, and moves by frames. */
export async function chooseOpen(page: Page, entry: string): Promise<void> {
  await page.locator(':is([role=menu], [role=listbox]):focus-within').waitFor();
  await eventually(async () => {
    await stillness(page);
    const focused = await focusedName(page);
    if (focused !== entry) await page.keyboard.press('ArrowDown');
    expect(focused).toBe(entry);
  });
  await page.keyboard.press('Enter');
}
