// Talks to an Asterisk manager interface through an independent client and
// prints what it understood, one JSON object a line: first the answers and lists
// that it asked for, then {"ready": true}, then the events of one call.
'use strict';
const Manager = require('asterisk-manager');

const [host, port, username, secret] = process.argv.slice(2);
const ami = new Manager(null, host, username, secret, true);
const print = (value) => process.stdout.write(JSON.stringify(value) + '\n');

// ask resolves with the response and the events that carry its action id.
function ask(action, complete) {
  return new Promise((resolve) => {
    const list = [];
    let response;
    const id = ami.action(action, (err, res) => {
      response = err || res;
      if (!complete || err) done();
    });
    const collect = (event) => {
      if (event.actionid !== id) return;
      list.push(event);
      if (event.event === complete) done();
    };
    const done = () => {
      ami.removeListener('managerevent', collect);
      resolve({ action: action.action, response, list });
    };
    ami.on('managerevent', collect);
  });
}

async function main() {
  await new Promise((resolve, reject) => {
    ami.on('error', reject);
    ami.connect(Number(port), host, resolve);
  });
  ami.options.username = username;
  ami.options.password = secret;
  await new Promise((resolve, reject) => ami.login((err) => (err ? reject(new Error(err.message)) : resolve())));
  const device = 'Local/1001@from-queue/n';
  for (const [action, complete] of [
    [{ action: 'Ping' }],
    [{ action: 'CoreSettings' }],
    [{ action: 'PJSIPShowEndpoints' }, 'EndpointListComplete'],
    [{ action: 'QueueRemove', queue: 'support', interface: device }],
    [{ action: 'QueueAdd', queue: 'support', interface: device, penalty: 3, membername: 'Ann: Agent', stateinterface: 'hint:1001@ext-local' }],
    [{ action: 'QueueAdd', queue: 'support', interface: device }],
    [{ action: 'QueueStatus', queue: 'support' }, 'QueueStatusComplete'],
    [{ action: 'DBPut', family: 'CF', key: '1001', val: '14155550100' }],
    [{ action: 'DBGet', family: 'CF', key: '1001' }, 'DBGetComplete'],
    [{ action: 'Command', command: 'core stop now' }],
  ]) {
    print(await ask(action, complete));
  }
  const events = [];
  ami.on('managerevent', (event) => {
    events.push(event);
    if (event.event === 'AgentComplete') {
      print({ events });
      ami.disconnect(() => process.exit(0));
    }
  });
  print({ ready: true });
}

main().catch((err) => {
  console.error(err);
  process.exit(1);
});
