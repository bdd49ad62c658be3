// Walks through what people do with an org, with jsforce as the client. The Go
// test that starts it tells in SIM where the org is and who is in it.
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { createRequire } = require('node:module');

const jsforce = createRequire(process.env.JSFORCE_HOME + '/')('jsforce');
const sim = JSON.parse(process.env.SIM);
const version = '60.0';
const [first, second, third] = sim.people.users;
const center = sim.people.new_call_center;

const oauth2 = {
  loginUrl: sim.url, clientId: 'key', clientSecret: 'secret', redirectUri: 'http://127.0.0.1/callback',
};
const connection = (more) => new jsforce.Connection({ loginUrl: sim.url, instanceUrl: sim.url, version, ...more });

function assertion() {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(sim.now / 1000);
  const body = `${part({ alg: 'RS256' })}.${part({
    iss: 'key', sub: 'admin@example.com', aud: sim.url, exp: now + 180,
  })}`;
  return `${body}.${crypto.sign('RSA-SHA256', Buffer.from(body), sim.key).toString('base64url')}`;
}

const errorCode = (code) => (err) => {
  assert.equal(err.errorCode || err.name, code, `${err.name}: ${err.message}`);
  return true;
};

const steps = {
  async 'a client signs in with its own credentials'() {
    const conn = connection({ oauth2 });
    const info = await conn.authorize({ grant_type: 'client_credentials' });
    assert.equal(info.id, sim.admin);
    assert.equal(info.organizationId, sim.org);
  },
  async 'a client signs in with a JWT'(state) {
    const conn = connection({ oauth2 });
    const info = await conn.authorize({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: assertion() });
    assert.equal(info.id, sim.admin);
    state.conn = conn;
  },
  async 'a wrong secret is refused'() {
    const conn = connection({ oauth2: { ...oauth2, clientSecret: 'guess' } });
    await assert.rejects(conn.authorize({ grant_type: 'client_credentials' }), errorCode('invalid_client'));
  },
  async 'a password signs in both ways'() {
    const byOAuth = connection({ oauth2 });
    assert.equal((await byOAuth.login('admin@example.com', 'open sesame')).id, sim.admin);
    const bySOAP = connection();
    assert.equal((await bySOAP.login('admin@example.com', 'open sesame')).organizationId, sim.org);
    assert.equal((await bySOAP.query('SELECT Id FROM Organization')).records[0].Id, sim.org);
    await bySOAP.logout();
    await assert.rejects(connection().login('admin@example.com', 'guess'), /INVALID_LOGIN/);
  },
  async 'the client learns who it is'({ conn }) {
    const me = await conn.identity();
    assert.equal(me.user_id, sim.admin);
    assert.equal(me.username, 'admin@example.com');
  },
  async 'a long answer comes in pages'({ conn }) {
    const all = await conn.query('SELECT Id, Username FROM User WHERE IsActive = true', { autoFetch: true, maxFetch: 10000 });
    assert.equal(all.records.length, sim.people.users.length + 1);
    assert.equal(new Set(all.records.map((r) => r.Id)).size, all.records.length);
    const page = await conn.query('SELECT Id FROM User');
    assert.equal(page.done, false);
    const next = await conn.queryMore(page.nextRecordsUrl);
    assert.ok(next.records.length > 0);
  },
  async 'parents come nested, and a call center is no parent'({ conn }) {
    const { records } = await conn.query(`SELECT Id, CallCenterId, Profile.Name FROM User WHERE Id = '${first}'`);
    assert.equal(records[0].Profile.Name, 'Standard User');
    await assert.rejects(conn.query('SELECT CallCenter.Name FROM User'), errorCode('INVALID_FIELD'));
    await assert.rejects(conn.query('SELECT Id FRM User'), errorCode('MALFORMED_QUERY'));
  },
  async 'a builder of queries finds people'({ conn }) {
    const found = await conn.sobject('User').find({ Username: { $like: 'agent000%' }, IsActive: true }, ['Id', 'Name'])
      .sort({ Username: -1 }).limit(3);
    assert.deepEqual(found.map((r) => r.Name), ['Agent Number 0009', 'Agent Number 0008', 'Agent Number 0007']);
    assert.equal(await conn.sobject('User').count({ CallCenterId: sim.people.old_call_center }), sim.people.users.length);
  },
  async 'one and many are retrieved'({ conn }) {
    assert.equal((await conn.sobject('User').retrieve(first)).CallCenterId, sim.people.old_call_center);
    const many = await conn.sobject('User').retrieve([first, second]);
    assert.deepEqual(many.map((r) => r.Id), [first, second]);
  },
  async 'one user moves and comes back'({ conn }) {
    const done = await conn.sobject('User').update({ Id: first, CallCenterId: center });
    assert.equal(done.success, true);
    assert.equal((await conn.sobject('User').retrieve(first)).CallCenterId, center);
    await conn.sobject('User').update({ Id: first, CallCenterId: null });
    assert.equal((await conn.sobject('User').retrieve(first)).CallCenterId, null);
    await assert.rejects(conn.sobject('User').update({ Id: first, CallCenterId: second }), errorCode('MALFORMED_ID'));
  },
  async 'many users move, each with an outcome'({ conn }) {
    const done = await conn.sobject('User').update([
      { Id: first, CallCenterId: center }, { Id: second, CallCenterId: third }, { Id: third, CallCenterId: center },
    ], { allOrNone: false });
    assert.deepEqual(done.map((r) => r.success), [true, false, true]);
    assert.equal(done[1].errors[0].statusCode || done[1].errors[0].errorCode, 'MALFORMED_ID');
    const none = await conn.sobject('User').update([
      { Id: first, CallCenterId: null }, { Id: second, CallCenterId: third },
    ], { allOrNone: true });
    assert.deepEqual(none.map((r) => r.success), [false, false]);
    assert.equal((await conn.sobject('User').retrieve(first)).CallCenterId, center);
  },
  async 'a license goes before its permission set'({ conn }) {
    const set = { AssigneeId: first, PermissionSetId: sim.people.licensed_set };
    await assert.rejects(conn.sobject('PermissionSetAssignment').create(set), errorCode('FIELD_INTEGRITY_EXCEPTION'));
    const license = await conn.sobject('PermissionSetLicenseAssign').create({
      AssigneeId: first, PermissionSetLicenseId: sim.people.license,
    });
    const assigned = await conn.sobject('PermissionSetAssignment').create(set);
    assert.ok(assigned.success && assigned.id.startsWith('0Pa'));
    await assert.rejects(conn.sobject('PermissionSetAssignment').create(set), errorCode('DUPLICATE_VALUE'));
    assert.equal((await conn.sobject('PermissionSetAssignment').destroy(assigned.id)).success, true);
    assert.equal((await conn.sobject('PermissionSetLicenseAssign').destroy(license.id)).success, true);
  },
  async 'many are created and destroyed'({ conn }) {
    const made = await conn.sobject('PermissionSetAssignment').create([first, second].map((id) => (
      { AssigneeId: id, PermissionSetId: sim.people.free_set })));
    assert.deepEqual(made.map((r) => r.success), [true, true]);
    const gone = await conn.sobject('PermissionSetAssignment').destroy(made.map((r) => r.id));
    assert.deepEqual(gone.map((r) => r.success), [true, true]);
  },
  async 'call records are upserted by a key of ours'({ conn }) {
    const one = await conn.sobject('Task').upsert({ Ext__c: 'call-1:a', Subject: 'Call', TaskSubtype: 'Call' }, 'Ext__c');
    assert.equal(one.created, true);
    const again = await conn.sobject('Task').upsert({ Ext__c: 'call-1:a', Subject: 'Call again' }, 'Ext__c');
    assert.equal(again.created, false);
    assert.equal(again.id, one.id);
    const many = await conn.sobject('Task').upsert([
      { Ext__c: 'call-1:a', Subject: 'x' }, { Ext__c: 'call 2', Subject: 'y' }], 'Ext__c');
    assert.deepEqual(many.map((r) => r.created), [false, true]);
  },
  async 'voice calls are made once, ended later, and found by when they began'({ conn }) {
    const start = new Date(sim.now - 3600e3).toISOString();
    const call = await conn.sobject('VoiceCall').create({
      CallType: 'Inbound', VendorCallKey: 'contact-1', CallStartDateTime: start, FromPhoneNumber: '+13035550100', UserId: first, OwnerId: first,
    });
    assert.equal(call.success, true);
    assert.equal((await conn.sobject('VoiceCall').update({ Id: call.id, CallDisposition: 'completed', CallDurationInSeconds: 95 })).success, true);
    await assert.rejects(conn.sobject('VoiceCall').update({ Id: call.id, FromPhoneNumber: '+1' }), errorCode('INVALID_FIELD_FOR_INSERT_UPDATE'));
    await assert.rejects(conn.sobject('VoiceCall').create({ VendorCallKey: 'x' }), errorCode('REQUIRED_FIELD_MISSING'));
    const from = new Date(sim.now - 7200e3).toISOString();
    const found = await conn.query(
      `SELECT Id, VendorCallKey, CallDurationInSeconds, CallStartDateTime FROM VoiceCall WHERE CallStartDateTime >= ${from} ORDER BY CallStartDateTime`);
    assert.deepEqual(found.records.map((r) => [r.VendorCallKey, r.CallDurationInSeconds]), [['contact-1', 95]]);
    const later = await conn.query(`SELECT Id FROM VoiceCall WHERE CallStartDateTime >= ${new Date(sim.now).toISOString()}`);
    assert.equal(later.totalSize, 0);
  },
  async 'several requests go as one'({ conn }) {
    const done = await conn.requestPost(`/services/data/v${version}/composite`, {
      allOrNone: true,
      compositeRequest: [
        { method: 'PATCH', url: `/services/data/v${version}/sobjects/User/${second}`, referenceId: 'move', body: { CallCenterId: center } },
        { method: 'GET', url: `/services/data/v${version}/sobjects/User/${second}?fields=CallCenterId`, referenceId: 'read' },
      ],
    });
    assert.deepEqual(done.compositeResponse.map((r) => r.httpStatusCode), [204, 200]);
    assert.equal(done.compositeResponse[1].body.CallCenterId, center);
  },
  async 'the client sees what is left of its allowance'({ conn }) {
    const limits = await conn.limits();
    assert.equal(limits.DailyApiRequests.Max, 15000);
    assert.equal(conn.limitInfo.apiUsage.limit, 15000);
    assert.equal(limits.DailyApiRequests.Remaining, 15000 - conn.limitInfo.apiUsage.used);
  },
  async 'objects are described'({ conn }) {
    const user = await conn.sobject('User').describe();
    const field = user.fields.find((f) => f.name === 'CallCenterId');
    assert.deepEqual([field.type, field.nillable, field.updateable, field.relationshipName], ['reference', true, true, null]);
    const all = await conn.describeGlobal();
    const centers = all.sobjects.find((o) => o.name === 'CallCenter');
    assert.deepEqual([centers.keyPrefix, centers.createable, centers.updateable, centers.deletable], ['04v', true, false, false]);
  },
  async 'people are searched for'({ conn }) {
    const { searchRecords } = await conn.search('FIND {agent0003} IN ALL FIELDS RETURNING User(Id, Name)');
    assert.deepEqual(searchRecords.map((r) => r.Id), [third]);
  },
  async 'tooling and the audit trail answer queries'({ conn }) {
    assert.equal((await conn.tooling.query('SELECT Id FROM ApexClass')).totalSize, 0);
    const trail = await conn.query('SELECT Id, Action, Section, CreatedDate FROM SetupAuditTrail ORDER BY CreatedDate DESC LIMIT 5');
    assert.equal(trail.records.length, 5);
  },
  async 'call centers are described, listed and read'({ conn }) {
    const known = await conn.metadata.describe(version);
    assert.equal(known.metadataObjects[0].directoryName, 'callCenters');
    const list = await conn.metadata.list({ type: 'CallCenter' }, version);
    assert.deepEqual(list.map((m) => m.fullName).sort(), ['CloudPhone', 'OldPbx']);
    const read = await conn.metadata.read('CallCenter', 'OldPbx');
    assert.equal(read.displayName, 'Old Telephony');
    assert.equal([].concat(read.sections)[0].items.length, 5);
  },
  async 'a call center is edited, made and removed'({ conn }) {
    const read = await conn.metadata.read('CallCenter', 'OldPbx');
    const done = await conn.metadata.update('CallCenter', { ...read, adapterUrl: 'https://moved.example.com' });
    assert.equal(done.success, true);
    assert.equal((await conn.query("SELECT AdapterUrl FROM CallCenter WHERE InternalName = 'OldPbx'")).records[0].AdapterUrl,
      'https://moved.example.com');
    const made = await conn.metadata.upsert('CallCenter', { ...read, fullName: 'Third', displayName: 'Third' });
    assert.deepEqual([made.success, made.created], [true, true]);
    assert.equal((await conn.metadata.create('CallCenter', { ...read, fullName: 'Third' })).success, false);
    assert.equal((await conn.metadata.update('CallCenter', { ...read, fullName: 'Nobody' })).success, false);
    assert.equal((await conn.metadata.delete('CallCenter', 'Third')).success, true);
    assert.equal((await conn.metadata.delete('CallCenter', 'CloudPhone')).success, false);
  },
  async 'a package is deployed'({ conn }) {
    const zip = Buffer.from(sim.zip, 'base64');
    const done = await conn.metadata.deploy(zip, { singlePackage: true, rollbackOnError: true }).complete(true);
    assert.deepEqual([done.success, done.status, done.numberComponentsDeployed], [true, 'Succeeded', 1]);
    assert.equal((await conn.query("SELECT Name FROM CallCenter WHERE InternalName = 'Deployed'")).totalSize, 1);
    const rest = await conn.metadata.deployRest(zip, { singlePackage: true }).complete(true);
    assert.equal(rest.success, true);
  },
  async 'a package is retrieved'({ conn }) {
    const done = await conn.metadata.retrieve({
      apiVersion: version, unpackaged: { types: [{ members: '*', name: 'CallCenter' }], version },
    }).complete();
    assert.equal(String(done.success), 'true');
    assert.ok(Buffer.from(done.zipFile, 'base64').includes('callCenters/Deployed.callCenter'));
  },
  async 'many users move in bulk'({ conn }) {
    const done = await conn.bulk2.loadAndWaitForResults({
      object: 'User', operation: 'update', pollInterval: 20, pollTimeout: 20000,
      input: [{ Id: first, CallCenterId: center }, { Id: second, CallCenterId: third }],
    });
    assert.deepEqual(done.successfulResults.map((r) => r.sf__Id), [first]);
    assert.equal(done.failedResults.length, 1);
    assert.match(done.failedResults[0].sf__Error, /^MALFORMED_ID/);
    assert.equal(done.unprocessedRecords.length, 0);
    const stream = await conn.bulk2.query(`SELECT Id, CallCenterId FROM User WHERE Id = '${first}'`, { pollInterval: 20, pollTimeout: 20000 });
    assert.deepEqual(await stream.toArray(), [{ Id: first, CallCenterId: center }]);
  },
  async 'a revoked token is worthless'({ conn }) {
    const stale = connection({ accessToken: conn.accessToken });
    await conn.logout();
    await assert.rejects(stale.query('SELECT Id FROM User'), errorCode('INVALID_SESSION_ID'));
  },
};

(async () => {
  const state = {};
  let failed = 0;
  for (const [name, step] of Object.entries(steps)) {
    try {
      await step(state);
      process.stdout.write(`ok   ${name}\n`);
    } catch (err) {
      failed += 1;
      process.stdout.write(`FAIL ${name}: ${err.stack}\n`);
    }
  }
  process.exitCode = failed ? 1 : 0;
})();
