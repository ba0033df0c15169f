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

  // Changes `old` into `next` node by node: what is the same stays, so nothing flashes and focus, scrolling and what
  // was opened remain. Text stays text all the way.
  const attributes = (old, next) => {
    for (const { name } of [...old.attributes]) if (name !== 'open' && name !== 'hidden' && !next.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of next.attributes) if (old.getAttribute(name) !== value && name !== 'open' && name !== 'hidden') old.setAttribute(name, value);
  };
  const become = (old, next) => {
    if (old.nodeType !== Node.ELEMENT_NODE) { put(old, next.textContent); return; }
    if (old.tagName === 'INPUT') return;
    attributes(old, next);
    const was = [...old.childNodes], will = [...next.childNodes];
    will.forEach((child, at) => {
      const present = was[at];
      if (!present) old.append(document.importNode(child, true));
      else if (present.nodeName === child.nodeName && present.id === child.id) become(present, child);
      else present.replaceWith(document.importNode(child, true));
    });
    was.slice(will.length).forEach(child => child.remove());
  };

  // What a screen reader is told: states in words that changed, and no figure.
  const states = () => new Map([...document.querySelectorAll('[data-state]')].map(node => [node.dataset.state, node.textContent]));
  const tell = before => {
    const changed = [...states()].filter(([of, text]) => before.has(of) && before.get(of) !== text);
    if (changed.length) put(news, changed.slice(0, 3).map(([of, text]) => `${of}: ${text}`).join(' '));
  };

  const filter = document.getElementById('filter');
  const sieve = () => {
    if (!filter) return;
    const wanted = filter.value.trim().toLowerCase();
    for (const row of document.querySelectorAll('tr[data-name]')) row.hidden = !row.dataset.name.includes(wanted);
    const rest = document.getElementById('rest');
    if (rest && wanted) rest.open = true;
  };
  if (filter) { filter.closest('label').hidden = false; filter.addEventListener('input', sieve); }

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
