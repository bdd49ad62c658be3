// A newcomer starts dualtone in an empty folder and follows what the pages say, to a
// plan that is rehearsed and handed in. Arguments: the address of the first start, and
// a folder for pictures.
import { Browser, password, refused, said, tell, words } from './visitor.mjs';

const [setup, pictures] = process.argv.slice(2);
const browser = await Browser.open(pictures);
const page = await browser.visitor();
await page.goto(setup);
await page.fill('[name=password]', password);
await page.click('main button[type=submit]');
await page.waitForSelector('#first-title');
tell({ step: 'welcome', said: words(await page.textContent('ol.steps')) });
await browser.held(page, 'first-steps');

// Each button is the one that the page puts forward.
const next = () => page.click('main .go');
await next();
await browser.held(page, 'first-import');
await page.click('text=Check a sample list');
await page.click('button[name=write]');
tell({ step: 'people', said: await said(page) });
await browser.held(page, 'first-people');
await next();
await page.waitForSelector('#source');
await page.getByRole('button', { name: 'Rehearse', exact: true }).click();
await page.waitForSelector('#faults table');
tell({ step: 'rehearsed', said: words(await page.textContent('#faults')) });
await browser.held(page, 'first-rehearsed');
await page.fill('#editor [name=reason]', 'a first look');
await next();
await page.click('text=Hand in this version');
await page.waitForURL('**/plans/first-plan');
tell({ step: 'handed in', state: await page.textContent('h1 .badge'), why: await refused(page, 'Approve') });
await browser.held(page, 'first-plan');
await browser.close();
