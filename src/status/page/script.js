'use strict';
(() => {
  const EVERY = 10000, PATIENCE = 8000, WHOLE_PAGE = 60000;
  const link = document.getElementById('link'), news = document.getElementById('news');
  let heard = new Date(), silent = false, read = performance.now(), painted = read;
  let revision = document.body.dataset.revision;

  const clock = at => at.toTimeString().slice(0, 8);
  const whole = (n, unit, m, part) => m ? `${n} ${unit} ${m} ${part}` : `${n} ${unit}`;
  const span = seconds => {
    const s = Math.max(0, Math.floor(seconds));
    if (s < 100) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min`;
    if (s < 86400) return whole(Math.floor(s / 3600), 'h', Math.floor(s / 60) % 60, 'min');
    return whole(Math.floor(s / 86400), 'd', Math.floor(s / 3600) % 24, 'h');
  };
  const put = (node, text) => { if (node.textContent !== text) node.textContent = text; };

  // Ages grow and waits shrink between two answers, and while there is none.
  const tick = () => {
    const passed = (performance.now() - read) / 1000;
    for (const node of document.querySelectorAll('[data-age]')) put(node, span(+node.dataset.age + passed));
    for (const node of document.querySelectorAll('[data-wait]')) {
      const left = +node.dataset.wait - passed;
      put(node, left < 1 ? 'now' : `in ${span(left)}`);
    }
  };

  // Changes `old` into `next` node by node: what is the same stays, so nothing flashes, and focus, scrolling and what
  // was opened remain. Text stays text all the way. What has an id is itself wherever it stands.
  const OWN = ['open', 'hidden'];
  const attributes = (old, next) => {
    for (const { name } of [...old.attributes]) if (!OWN.includes(name) && !next.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of next.attributes) if (!OWN.includes(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  };
  const become = (old, next) => {
    if (old.nodeType !== Node.ELEMENT_NODE) { put(old, next.textContent); return; }
    if (old.tagName === 'INPUT') return;
    attributes(old, next);
    let at = old.firstChild;
    for (const child of next.childNodes) {
      const same = child.id ? [...old.children].find(each => each.id === child.id) : at?.nodeName === child.nodeName && !at.id && at;
      if (!same) { old.insertBefore(document.importNode(child, true), at); continue; }
      if (same !== at) old.insertBefore(same, at);
      become(same, child);
      at = same.nextSibling;
    }
    while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
  };

  // What a screen reader is told: states in words that changed, and no figure.
  const states = () => new Map([...document.querySelectorAll('[data-state]')].map(node => [node.dataset.state, node.textContent]));
  const tell = before => {
    const changed = [...states()].filter(([of, text]) => before.has(of) && before.get(of) !== text);
    if (changed.length) put(news, changed.slice(0, 3).map(([of, text]) => `${of}: ${text}`).join(' '));
  };

  const sieve = () => {
    const filter = document.getElementById('filter'), rest = document.getElementById('rest');
    if (!filter) return;
    filter.closest('label').hidden = false;
    const wanted = filter.value.trim().toLowerCase();
    for (const row of document.querySelectorAll('tr[data-name]')) row.hidden = !row.dataset.name.includes(wanted);
    if (rest && wanted) rest.open = true;
  };
  document.addEventListener('input', sieve);
  sieve();

  const ask = path => fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) }).then(answer => {
    if (!answer.ok) throw new Error(answer.status);
    return answer;
  });
  const swap = text => {
    const next = new DOMParser().parseFromString(text, 'text/html'), before = states();
    const main = next.querySelector('main');
    if (!main) throw new Error('another page');
    document.title = next.title;
    document.body.dataset.revision = revision = next.body.dataset.revision;
    become(document.querySelector('main'), main);
    read = painted = performance.now();
    sieve();
    tick();
    tell(before);
  };
  const refresh = async () => {
    try {
      const status = await (await ask('/api/v1/status?detail=none')).json();
      if (status.revision !== revision || performance.now() - painted > WHOLE_PAGE) swap(await (await ask(location.pathname + location.search)).text());
      heard = new Date();
      put(link, silent ? `The exporter answers again since ${clock(heard)}.` : '');
      link.hidden = !silent;
      silent = false;
    } catch {
      silent = true;
      link.hidden = false;
      put(link, `No answer since ${clock(heard)}; the figures below are of then.`);
    }
    setTimeout(refresh, EVERY);
  };
  setInterval(tick, 1000);
  setTimeout(refresh, EVERY);
})();
