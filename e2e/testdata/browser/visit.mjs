// Visits the console as its users do, and tells on standard output, a line of JSON
// each, what it saw. Arguments: the address of the first start, and a folder for
// pictures.
import { chromium } from 'playwright-core';
import AxeBuilder from '@axe-core/playwright';

const [setup, pictures, planFile, badCSV] = process.argv.slice(2);
const base = new URL(setup).origin;
const password = 'a sentence that nobody guesses';
const tell = (what) => console.log(JSON.stringify(what));

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
const context = await browser.newContext({ viewport: { width: 1366, height: 850 } });
const page = await context.newPage();
page.setDefaultTimeout(60000);
page.on('console', (m) => { if (m.type() === 'error') tell({ trouble: m.text(), at: page.url() }); });
page.on('pageerror', (e) => tell({ trouble: e.message, at: page.url() }));

// The first start: the administrator's password.
await page.goto(setup);
await page.fill('[name=password]', password);
await page.click('main button[type=submit]');
await page.waitForURL((u) => !u.pathname.startsWith('/setup'));
tell({ step: 'signed in', url: new URL(page.url()).pathname });

// An admin sends a list with bad rows, reads what is wrong, and writes the good ones.
await page.goto(base + '/users/import');
await page.setInputFiles('[name=file]', badCSV);
await page.click('main form >> text=Check it');
await page.waitForSelector('#faults-title');
tell({ step: 'bad list', faults: await page.locator('section[aria-labelledby=faults-title] tbody tr').count() });
await page.screenshot({ path: pictures + '/import.png', fullPage: true });
await page.click('button[name=write]');
await page.waitForSelector('[role=status]');
tell({ step: 'good rows', said: await page.textContent('main [role=status]') });

// A cohort is moved, and the page follows by itself.
await page.goto(base + '/cohorts/wave');
await page.click('text=Move');
await page.fill('dialog[open] [name=reason]', 'the first wave');
await page.screenshot({ path: pictures + '/confirm.png' });
await page.click('dialog[open] button[type=submit]');
await page.waitForFunction(() => [...document.querySelectorAll('main .badge')].some((b) => b.textContent === 'moved'), null, { timeout: 120000 });
tell({ step: 'moved', live: await page.getAttribute('.live', 'data-state') });
await page.screenshot({ path: pictures + '/cohort.png', fullPage: true });

// A program manager writes a plan: a mistake is told while it is typed.
await page.goto(base + '/plans/edit');
await page.fill('#source', (await import('node:fs')).readFileSync(planFile, 'utf8').replace('concurrency: 4', 'concurrency: four'));
await page.waitForFunction(() => document.querySelector('#faults').textContent.includes('four'));
tell({ step: 'fault', said: (await page.textContent('#faults .faults li.bad')).replace(/\s+/g, ' ').trim() });
await page.fill('#source', (await import('node:fs')).readFileSync(planFile, 'utf8'));
await page.waitForFunction(() => !document.querySelector('#faults .faults li.bad'));
await page.screenshot({ path: pictures + '/editor.png', fullPage: true });
await page.fill('#editor [name=reason]', 'the plan of the spring');
await page.click('text=Hand in for approval');
await page.waitForURL('**/plans/acme');
tell({ step: 'handed in', state: await page.textContent('h1 .badge') });
const approve = page.locator('button', { hasText: /^Approve$/ }).first();
tell({ step: 'own plan', disabled: await approve.getAttribute('aria-disabled'), why: await approve.getAttribute('title') });

// Every page, in light and dark, held to the rules of accessibility.
for (const scheme of ['light', 'dark']) {
  await page.emulateMedia({ colorScheme: scheme });
  for (const path of ['/plans', '/plans/acme', '/plans/edit', '/users', '/users/E1001', '/users/E1001/preview', '/users/import',
    '/cohorts', '/cohorts/wave', '/cohorts/new', '/calls', '/calls/ambiguous', '/calls/reconcile', '/calls/quarantine',
    '/routes', '/routes?number=%2B112', '/reports', '/reports/traffic', '/systems', '/nowhere']) {
    const answer = await page.goto(base + path, { waitUntil: 'load' });
    const found = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze();
    tell({ page: path, scheme, status: answer.status(), violations: found.violations.map((v) => v.id + ': ' + v.nodes[0].target.join(' ')) });
    await page.screenshot({ path: `${pictures}/${scheme}${path.replace(/[^a-z0-9]+/gi, '-')}.png`, fullPage: true });
  }
}
await browser.close();
