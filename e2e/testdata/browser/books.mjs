// Closes a month as finance does, shows a report to somebody without an account, breaks
// the glass, and holds every other page to the rules, side by side as people do. Arguments:
// an address of the console, a folder for pictures, and the month.
import { Browser, order, refused, said, tell, words } from './visitor.mjs';

const [address, pictures, month] = process.argv.slice(2);
const base = new URL(address).origin;
const browser = await Browser.open(pictures);
const root = await browser.signIn(base, 'admin');
const admin = await browser.signIn(base, 'admin');
await Promise.all([books(), glass(), token(), held(root, '/plans', '/users', '/users/E1001', '/users/E1001/preview', '/users/import', '/users/match',
  '/cohorts', '/cohorts/new', '/calls', '/calls/ambiguous', '/calls/rulings', '/calls/reconcile', '/calls/unmatched', '/calls/quarantine')]);
// These show what the others have made.
await Promise.all([
  held(root, '/reports', '/reports/traffic', '/routes', '/routes?number=%2B112', '/systems'),
  held(admin, '/admin/tokens', '/admin/links', '/admin/audit', '/admin/audit/walk', '/nowhere'),
]);
await root.goto(base + '/account');
await root.click('text=Sign out');
await root.waitForURL('**/sign-in');
await browser.held(root, 'sign-in');
await browser.close();

async function held(page, ...paths) {
  for (const path of paths) {
    const answer = await page.goto(base + path, { waitUntil: 'load' });
    await browser.held(page, path, answer.status());
  }
}

// Finance looks at a month, closes it, opens it again, and shows a report to the board.
async function books() {
  const pam = await browser.signIn(base, 'pam');
  await pam.goto(`${base}/reports/months/preview?month=${month}&do=close`);
  tell({ step: 'planner closes', why: await refused(pam, 'Close ' + month) });
  const fay = await browser.signIn(base, 'fay');
  await fay.goto(base + '/reports/months');
  await fay.click('text=See what closing it does');
  await browser.held(fay, 'month-preview');
  tell({ step: 'month', said: await order(fay, 'Close ' + month, { reason: 'the books are right' }) });
  tell({ step: 'closed', said: await said(fay) });
  await browser.held(fay, 'months');
  await fay.click('text=See what reopening does');
  await order(fay, 'Reopen ' + month, { reason: 'an invoice came late' });
  tell({ step: 'open again', said: await said(fay) });
  await fay.goto(base + '/reports/cost/overlap');
  await order(fay, 'Share', { reader: 'the board', reason: 'the steering committee' });
  const shared = words(await fay.textContent('dialog[open] code.secret'));
  const board = await browser.visitor();
  await board.goto(shared);
  tell({ step: 'board', said: words(await board.textContent('main')), faults: await board.locator('button, form, a[href^="/users"]').count() });
  await browser.held(board, 'shared-report');
}

// An operator breaks the glass and mends it; everybody can see it.
async function glass() {
  const oscar = await browser.signIn(base, 'oscar');
  await oscar.goto(base + '/admin/glass');
  await order(oscar, 'Break the glass', { for: '30m', reason: 'the trunk is down' });
  tell({ step: 'glass', said: await said(oscar) });
  await browser.held(oscar, 'glass');
  await order(oscar, 'Mend');
  tell({ step: 'mended', said: await said(oscar) });
}

async function token() {
  const pam = await browser.signIn(base, 'pam');
  await pam.goto(base + '/account');
  await order(pam, 'Make a token', { name: 'the nightly job', roles: ['planner'], reason: 'automation' });
  tell({ step: 'token', said: words(await pam.textContent('dialog[open] code.secret')) });
  await pam.goto(base + '/account');
  await browser.held(pam, 'account');
}
