// What HTML cannot do by itself: dialogs, times in the reader's zone, the badge of
// the live connection, and the keys.
(() => {
  const zoneKey = 'dualtone.zone';

  // A button with data-dialog opens the dialog of that id; one with data-close closes its own.
  document.addEventListener('click', (e) => {
    const open = e.target.closest('[data-dialog]');
    if (open) {
      const dialog = document.getElementById(open.dataset.dialog);
      dialog.querySelector('.problem')?.replaceChildren();
      dialog.showModal();
      for (const asks of dialog.querySelectorAll('[hx-trigger="opened"]')) asks.dispatchEvent(new CustomEvent('opened'));
    }
    e.target.closest('[data-close]')?.closest('dialog').close();
    const toggle = e.target.closest('[data-pause]');
    if (toggle) pause(toggle);
  });

  // A form that says that it is being done is not sent twice. One that htmx sends is
  // kept from it by htmx, and its dialog tells when no answer came.
  document.addEventListener('submit', (e) => {
    const form = e.target;
    if (e.defaultPrevented || !form.querySelector('.busy')) return;
    if (form.dataset.sent) e.preventDefault();
    form.dataset.sent = 'yes';
  });
  addEventListener('pageshow', (e) => { if (e.persisted) location.reload(); });
  document.addEventListener('htmx:error', (e) => {
    const problem = e.target.querySelector?.('.problem');
    if (!problem) return;
    const note = document.createElement('p');
    note.className = 'note bad';
    note.textContent = 'No answer came. The order may have been taken all the same: look at the page before you give it again.';
    problem.replaceChildren(note);
  });

  // The numbers of the lines beside a text, and the way from a fault to its line.
  for (const numbers of document.querySelectorAll('[data-lines]')) {
    const text = document.getElementById(numbers.dataset.lines);
    const count = () => {
      const n = text.value.split('\n').length;
      if (+numbers.dataset.count !== n) {
        numbers.dataset.count = n;
        numbers.textContent = Array.from({ length: n }, (_, i) => i + 1).join('\n');
      }
      numbers.scrollTop = text.scrollTop;
    };
    text.addEventListener('input', count);
    text.addEventListener('scroll', count);
    count();
  }
  document.addEventListener('click', (e) => {
    const place = e.target.closest('[data-line]');
    const text = document.querySelector('textarea.code');
    if (!place || !text) return;
    const lines = text.value.split('\n');
    const line = Math.min(+place.dataset.line, lines.length) - 1;
    const start = lines.slice(0, line).reduce((n, l) => n + l.length + 1, 0);
    text.focus();
    text.setSelectionRange(start + Math.max(0, +place.dataset.column - 1), start + lines[line].length);
    text.scrollTop = Math.max(0, (line - 5) * parseFloat(getComputedStyle(text).lineHeight));
  });

  // Times are written in UTC and shown as the reader chooses.
  function show(root) {
    const zone = localStorage.getItem(zoneKey) || 'utc';
    for (const t of (root || document).querySelectorAll('time[datetime]')) {
      const at = new Date(t.dateTime);
      if (isNaN(at)) continue;
      t.dataset.utc ??= t.textContent;
      t.title = at.toISOString();
      if (zone === 'local') t.textContent = at.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
      else if (zone === 'ago') t.textContent = ago(at);
      else t.textContent = t.dataset.utc;
    }
  }
  function ago(at) {
    const s = (at - Date.now()) / 1000;
    const unit = [['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]].find(([, n]) => Math.abs(s) >= n) || ['second', 1];
    return new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' }).format(Math.round(s / unit[1]), unit[0]);
  }
  document.addEventListener('change', (e) => {
    if (!e.target.matches('[data-zone]')) return;
    localStorage.setItem(zoneKey, e.target.value);
    show();
  });

  // The live badge tells whether what is shown still follows.
  const badge = () => document.querySelector('.live');
  function mark(state, text) {
    const b = badge();
    if (b) { b.dataset.state = state; b.querySelector('[data-text]').textContent = text; }
  }
  let paused = false, follow;
  function pause(button) {
    paused = !paused;
    if (!paused) follow?.();
    button.setAttribute('aria-pressed', paused);
    button.textContent = paused ? 'Follow again' : 'Pause updates';
    mark(paused ? 'paused' : 'live', paused ? 'Paused' : 'Live');
  }
  document.addEventListener('htmx:sse:after:connection', () => { if (!paused) mark('live', 'Live'); });
  document.addEventListener('htmx:sse:error', () => mark('lost', 'Reconnecting'));
  document.addEventListener('htmx:sse:close', () => mark('lost', 'Not following'));
  // News wait until the reader follows again, and until what is being filled in is closed.
  document.addEventListener('htmx:sse:before:message', (e) => {
    const open = e.target.querySelector('dialog[open]');
    if (paused) e.detail.waitUntil(new Promise((done) => { follow = done; }));
    else if (open) e.detail.waitUntil(new Promise((done) => open.addEventListener('close', done, { once: true })));
  });
  document.addEventListener('htmx:after:swap', () => show());

  // "/" goes to the search, "?" lists the keys, "g" and a letter to a section.
  let leading = false;
  document.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest('input, textarea, select')) return;
    if (e.key === '/') { const s = document.querySelector('[type=search]'); if (s) { s.focus(); e.preventDefault(); } }
    else if (e.key === '?') document.getElementById('keys')?.showModal();
    else if (leading) document.querySelector(`nav [data-key="${CSS.escape(e.key)}"]`)?.click();
    leading = e.key === 'g';
  });

  const chooser = document.querySelector('[data-zone]');
  if (chooser) chooser.value = localStorage.getItem(zoneKey) || 'utc';
  show();
})();
