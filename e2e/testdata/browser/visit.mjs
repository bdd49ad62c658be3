// Visits the console as its users do, each signed in in their own role. Arguments:
// the address of the first start, a folder for pictures, a plan, and a list of users
// with bad rows.
import { readFileSync } from 'node:fs';
import { Browser, order, password, reaches, refused, said, tell, words } from './visitor.mjs';

const [setup, pictures, planFile, badList] = process.argv.slice(2);
const base = new URL(setup).origin;
const plan = readFileSync(planFile, 'utf8');
const browser = await Browser.open(pictures);

// The first start: the administrator sets a password and makes accounts.
const root = await browser.visitor();
await root.goto(setup);
await browser.held(root, 'setup');
await root.fill('[name=password]', password);
await root.click('main button[type=submit]');
await root.waitForURL((u) => !u.pathname.startsWith('/setup'));
const people = {
  adam: ['admin'], pam: ['planner'], ann: ['cutover-approver', 'operations-lead'], oscar: ['operator'], fay: ['finance-owner'], vi: ['viewer'],
};
for (const [name, roles] of Object.entries(people)) {
  await root.goto(base + '/admin/accounts');
  await order(root, 'Make an account', { name, password, roles, reason: 'they work here' });
  await reaches(root, 'main [role=status]', name);
}
await browser.held(root, 'accounts');
tell({ step: 'accounts', said: words(await root.textContent('table')) });

// An admin reads what is wrong with a list, writes its good rows, and mends a record of
// a call.
const adam = await browser.signIn(base, 'adam');
await adam.goto(base + '/users/import');
await adam.setInputFiles('[name=file]', badList);
await adam.click('main form >> text=Check it');
await adam.waitForSelector('#faults-title');
tell({ step: 'bad list', faults: await adam.locator('section[aria-labelledby=faults-title] tbody tr').count() });
await browser.held(adam, 'import-faults');
await adam.click('button[name=write]');
tell({ step: 'good rows', said: await said(adam) });

await adam.goto(base + '/calls/quarantine');
await adam.click('tbody th a');
await browser.held(adam, 'quarantine-row');
const row = await adam.inputValue('[name=row]');
await adam.fill('[name=row]', row.replace('32.11.2026', '2026-10-31 08:00:00'));
await adam.click('button[value=try]');
tell({ step: 'row tried', said: words(await adam.textContent('main p[role=status]')) });
await adam.fill('[name=reason]', 'the clock of the PBX was set by hand');
await adam.click('button[value=replay]');
tell({ step: 'row read', said: await said(adam) });

// A cohort goes there and back, while a program manager writes a plan: a mistake is
// told while it is typed.
const pam = await browser.signIn(base, 'pam');
await Promise.all([thereAndBack(), written()]);

async function thereAndBack() {
  await adam.goto(base + '/cohorts/wave');
  tell({ step: 'effect', said: await order(adam, 'Move', { reason: 'the first wave' }) });
  await reaches(adam, 'main .badge', /^moved$/);
  tell({ step: 'moved', live: await adam.getAttribute('.live', 'data-state') });
  await browser.held(adam, 'cohort-moved');
  await adam.goto(base + '/users/E1011');
  await browser.held(adam, 'user-moved');
  await adam.click('text=What would change');
  tell({ step: 'three ways', said: words(await adam.textContent('main table')) });
  await browser.held(adam, 'user-three-ways');
  await adam.goto(base + '/cohorts/wave');
  await order(adam, 'Roll back', { reason: 'only to see that it works' });
  await reaches(adam, 'main .badge', /^restored$/);
  tell({ step: 'taken back' });
}

async function written() {
  await pam.goto(base + '/plans/edit');
  await pam.fill('#source', plan.replace('concurrency: 4', 'concurrency: four'));
  await pam.waitForFunction(() => document.querySelector('#faults').textContent.includes('four'));
  tell({ step: 'fault', said: words(await pam.textContent('#faults .faults li.bad')) });
  await pam.fill('#source', plan);
  await pam.waitForFunction(() => !document.querySelector('#faults .faults li.bad'));
  await browser.held(pam, 'editor');
  await pam.fill('#editor [name=reason]', 'the plan of the spring');
  await pam.click('text=Hand in for approval');
  await pam.waitForSelector('text=Hand in this version');
  tell({ step: 'before it is handed in', said: words(await pam.textContent('#faults')) });
  await pam.click('text=Hand in this version');
  await pam.waitForURL('**/plans/acme');
  tell({ step: 'handed in', state: await pam.textContent('h1 .badge') });
  tell({ step: 'own plan', why: await refused(pam, 'Approve') });
}

// It is approved by somebody else, started by an operator, and taken back.
const ann = await browser.signIn(base, 'ann');
await ann.goto(base + '/plans/acme');
await order(ann, 'Approve', { reason: 'as agreed' });
tell({ step: 'approved', said: await said(ann) });
await pam.goto(base + '/plans/acme');
tell({ step: 'planner cannot start', why: await refused(pam, 'Start') });
const oscar = await browser.signIn(base, 'oscar');
await oscar.goto(base + '/plans/acme');
const late = await browser.signIn(base, 'oscar');
await late.goto(base + '/plans/acme');
await late.click('main .verbs >> text=Start');
await late.fill('dialog[open] [name=reason]', 'the night has come');
await browser.held(late, 'dialog');
// It is slow, which it says, and is not given twice.
let given = 0;
await oscar.route('**/plans/acme/orders', async (route) => {
  given++;
  await new Promise((done) => setTimeout(done, 2000));
  await route.continue();
});
await oscar.click('main .verbs >> text=Start');
await oscar.fill('dialog[open] [name=reason]', 'the night has come');
const start = oscar.locator('dialog[open] button[type=submit]');
await start.click();
await oscar.locator('dialog[open] .busy > span').waitFor();
const busy = words(await oscar.locator('dialog[open] .busy').textContent());
await start.dispatchEvent('click');
tell({ step: 'started', said: await said(oscar) });
tell({ step: 'slow', said: busy, faults: given });
await oscar.unroute('**/plans/acme/orders');
// Whoever comes late keeps the dialog and what was written in it, and is told.
await late.click('dialog[open] button[type=submit]');
await late.waitForSelector('dialog[open] .problem .bad');
tell({ step: 'late', said: words(await late.textContent('dialog[open] .problem')), why: await late.inputValue('dialog[open] [name=reason]') });
await late.route('**/plans/acme/orders', (route) => route.abort());
await late.click('dialog[open] button[type=submit]');
await late.waitForSelector('dialog[open] .problem >> text=No answer came');
await late.click('dialog[open] [data-close]');
await late.waitForSelector('h1 .badge >> text=active');
tell({ step: 'follows again', state: await late.textContent('h1 .badge') });
await late.close();
const stage = (name) => `section[aria-labelledby=stages-title] tbody tr:has(th:has-text("${name}"))`;
await reaches(ann, stage('pilot'), 'awaiting approval');
await ann.click(stage('pilot') + ' summary');
await order(ann, 'Approve', { reason: 'the pilot may go' }, stage('pilot'));
await said(ann);
await reaches(ann, stage('pilot'), 'passed');
tell({ step: 'pilot passed', live: await ann.getAttribute('.live', 'data-state'), said: words(await ann.textContent(stage('pilot'))), why: words(await ann.textContent('#v-pilot-rollback p')) });
await browser.held(ann, 'plan-running');
await oscar.goto(base + '/plans/acme');
// Who is to agree has had the page open all along, and the dialog as well.
await ann.locator('main').getByRole('button', { name: 'Abort', exact: true }).first().click();
await ann.click('dialog[open] [data-close]');
await order(oscar, 'Abort', { reason: 'the board has stopped it' });
tell({ step: 'abort asked', said: await said(oscar) });
await ann.locator('main').getByRole('button', { name: 'Agree to abort', exact: true }).first().waitFor();
tell({ step: 'abort agreed', why: await order(ann, 'Agree to abort', { reason: 'as the board says' }), said: await said(ann) });
await reaches(ann, 'h1 .badge', /^aborted$/);
await oscar.goto(base + '/plans/acme');
tell({ step: 'rollback', said: await order(oscar, 'Roll back', { reason: 'voice quality' }) });
await said(oscar);
await reaches(oscar, 'h1 .badge', /^rolled back$/);
await browser.held(oscar, 'plan-rolled-back');

// Somebody who only looks has no order to give, and is told why of each.
const vi = await browser.signIn(base, 'vi');
await vi.goto(base + '/plans/acme');
const orders = await vi.locator('main .verbs button:not([data-pause])').evaluateAll((all) => all.map((b) => [b.textContent, b.getAttribute('aria-disabled'), b.title]));
tell({ step: 'viewer', open: orders.filter(([, off, why]) => off !== 'true' || !why).map(([text]) => text), faults: orders.length });
await vi.goto(base + '/users/E1011');
tell({ step: 'viewer switches', why: await refused(vi, 'Switch to the new system') });
await vi.goto(base + '/admin/audit');
tell({ step: 'viewer audits', said: words(await vi.textContent('main')) });
await browser.held(vi, 'refused', 403);

await browser.close();
