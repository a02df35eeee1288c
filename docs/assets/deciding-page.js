// The questions of the decision guide as a form. The answers stand in the address, so that a link keeps them.
(function () {
  'use strict';

  const place = document.getElementById('guide');
  const guide = globalThis.decisionGuide;
  if (!place || !guide) return;
  const { advise, answersOf, addressOf } = globalThis.decide;
  const ways = Object.fromEntries(guide.ways.map(way => [way.key, way]));

  function element(tag, ...children) {
    const made = document.createElement(tag);
    made.append(...children);
    return made;
  }

  const link = (text, page) => {
    const made = element('a', ...formatted(text));
    made.href = page.replace('.md', '.html');
    return made;
  };

  // Links and code of the texts.
  function formatted(text) {
    return text.split(/(\[[^\]]+\]\([^)]+\)|`[^`]+`)/).map(piece => {
      const found = /^\[([^\]]+)\]\(([^)]+)\)$/.exec(piece);
      if (found) return link(found[1], found[2]);
      return /^`.+`$/.test(piece) ? element('code', piece.slice(1, -1)) : piece;
    });
  }

  const form = element('form');
  form.className = 'guide-questions';
  for (const { key, text, options } of guide.questions) {
    const set = element('fieldset', element('legend', text));
    for (const [value, label] of Object.entries(options)) {
      const input = element('input');
      Object.assign(input, { type: 'radio', name: key, value });
      set.append(element('label', input, ' ' + label));
    }
    form.append(set);
  }
  const advice = element('div');
  advice.className = 'admonition success';
  advice.setAttribute('aria-live', 'polite');
  const others = element('div');

  function show(answers) {
    for (const { key } of guide.questions) form.elements[key].value = answers[key];
    const { way, also, why_not: whyNot } = advise(guide, answers);
    const chosen = ways[way];
    const title = element('p', 'Take ', link(chosen.title, chosen.page));
    title.className = 'admonition-title';
    const notes = element('ul', ...also.map(text => element('li', ...formatted(text))));
    advice.replaceChildren(
      title,
      element('p', ...formatted(chosen.reason)),
      ...(also.length ? [notes] : []),
      element('p', 'Begin: ', ...formatted(chosen.begin)),
    );
    const rows = guide.ways
      .filter(one => one.key in whyNot)
      .map(one => element('tr', element('td', link(one.title, one.page)), element('td', ...formatted(whyNot[one.key]))));
    const head = element('tr', element('th', 'not'), element('th', 'why not'));
    const inner = element('div', element('table', element('thead', head), element('tbody', ...rows)));
    inner.className = 'md-typeset__table';
    const scroll = element('div', inner);
    scroll.className = 'md-typeset__scrollwrap';
    others.replaceChildren(scroll);
  }

  form.addEventListener('change', () => {
    const answers = Object.fromEntries(guide.questions.map(({ key }) => [key, form.elements[key].value]));
    history.replaceState(null, '', '#' + addressOf(guide, answers));
    show(answers);
  });
  form.addEventListener('submit', event => event.preventDefault());
  addEventListener('hashchange', () => {
    if (location.hash.includes('=')) {
      show(answersOf(guide, location.hash.slice(1)));
      place.scrollIntoView();
    }
  });
  place.replaceChildren(form, advice, others);
  show(answersOf(guide, location.hash.slice(1)));
})();
