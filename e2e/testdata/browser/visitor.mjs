// What the stories of users need: a browser, people who sign in, and the rules of
// accessibility. Whatever is seen is told on standard output, a line of JSON each.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

export const password = 'a sentence that nobody guesses';
export const tell = (what) => console.log(JSON.stringify(what));
export const words = (text) => (text ?? '').replace(/\s+/g, ' ').trim();

const rules = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const asked = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'] };
const patience = 120000;

// Browser is one browser, and the folder for its pictures; none are taken without one.
export class Browser {
  static async open(pictures) {
    const b = new Browser();
    b.pictures = pictures;
    b.chromium = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
    return b;
  }

  // visitor is somebody with cookies of their own, and a page. What the browser
  // complains of is trouble, except for addresses that are meant not to be there.
  async visitor() {
    const context = await this.chromium.newContext({ viewport: { width: 1366, height: 850 } });
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    page.on('console', (m) => { if (m.type() === 'error') tell({ trouble: m.text(), at: page.url() }); });
    page.on('pageerror', (e) => tell({ trouble: e.message, at: page.url() }));
    return page;
  }

  async signIn(base, name) {
    const page = await this.visitor();
    await page.goto(base + '/sign-in');
    await page.fill('[name=name]', name);
    await page.fill('[name=password]', password);
    await page.click('main button[type=submit]');
    await page.waitForURL((u) => !u.pathname.startsWith('/sign-in'));
    return page;
  }

  // held holds the page that is shown to the rules, in light and dark. No page has
  // frames, so the rules are read into it once and need no other page to run in.
  async held(page, name, status = 200) {
    const wide = await page.evaluate(() => [document.documentElement, ...document.querySelectorAll('.pinned')].some((e) => e.scrollWidth > e.clientWidth));
    if (wide) tell({ trouble: 'wider than a laptop\'s screen', at: name });
    if (await page.locator('iframe, frame').count() > 0) tell({ trouble: 'a frame, which is not held to the rules', at: name });
    if (await page.evaluate(() => !window.axe)) await page.evaluate(rules);
    for (const scheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      const violations = await page.evaluate(async (options) => {
        const found = await window.axe.run(document, options);
        return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`);
      }, asked);
      tell({ page: name, scheme, status, violations });
      if (this.pictures) await page.screenshot({ path: `${this.pictures}/${name.replace(/[^a-z0-9]+/gi, '-')}-${scheme}.png`, fullPage: true });
    }
    await page.emulateMedia({ colorScheme: 'light' });
  }

  async close() { await this.chromium.close(); }
}

// order opens the dialog of a button, fills it in and sends it, and waits for the
// answer. It returns what the dialog said would happen.
export async function order(page, name, fields = {}, within = 'main') {
  await page.locator(within).getByRole('button', { name, exact: true }).first().click();
  const dialog = page.locator('dialog[open]');
  let effect = words(await dialog.locator('p').first().textContent());
  const now = dialog.locator('[hx-trigger=opened]');
  if (await now.count() > 0) {
    await now.filter({ hasText: /\w/ }).waitFor();
    effect += ` ${words(await now.textContent())}`;
  }
  for (const [field, value] of Object.entries(fields)) {
    const input = dialog.locator(`[name=${field}]`);
    if (Array.isArray(value)) for (const one of value) await dialog.locator(`[name=${field}][value=${one}]`).check();
    else if (await input.evaluate((e) => e.tagName) === 'SELECT') await input.selectOption(value);
    else await input.fill(value);
  }
  await page.evaluate(() => { document.documentElement.dataset.stale = 'yes'; });
  await dialog.locator('button[type=submit]').click();
  // Either another page comes, or the dialog keeps the answer.
  await page.waitForFunction(() => document.documentElement.dataset.stale !== 'yes' || document.querySelector('dialog[open] .problem')?.children.length > 0);
  return effect;
}

// said waits for what an order came to.
export async function said(page) {
  return words(await page.locator('main > [role=status].good').first().textContent());
}

// refused is why a button cannot be pressed; empty if it can.
export async function refused(page, name, within = 'main') {
  const button = page.locator(within).getByRole('button', { name, exact: true }).first();
  return await button.getAttribute('aria-disabled') === 'true' ? await button.getAttribute('title') : '';
}

// reaches waits until the page, which follows what happens, says something.
export const reaches = (page, selector, text) => page.locator(selector, { hasText: text }).first().waitFor();
