// The form of the calculator page. The answers stand in the address, so that a link keeps them.
(function () {
  'use strict';

  const place = document.getElementById('calculator');
  if (!place || !globalThis.costFigures) return;
  const figures = globalThis.costFigures;
  const usual = figures.workload;
  const fields = [
    ['users', 'Users of a month', figures.sizes['a product'].users, 0, 1],
    ['answers', 'Answers of a month', figures.sizes['a product'].answers, 0, 1],
    ['busy', 'Hours of a month with an answer', figures.sizes['a product'].busy_hours, 0, 1],
    ['in', 'Tokens in', usual.input_tokens, 0, 1],
    ['out', 'Tokens out', usual.output_tokens, 1, 1],
    ['pace', 'Tokens a second', usual.tokens_per_second, 1, 'any'],
    ['first', 'Seconds to the first token', usual.first_token_seconds, 0, 'any'],
    ['memory', 'Memory of a function, MB', usual.memory_megabytes, 128, 1],
    ['interval', 'Least time between texts, ms', usual.interval_seconds * 1000, 1, 1],
    ['connection', 'Seconds of a connection for an answer', usual.connection_seconds, 0, 1],
    ['readers', 'Other readers of an answer', usual.readers, 0, 1],
  ];
  const rows = [
    ['computing', 'computing (Lambda)'],
    ['transport', 'transport, data to the client'],
    ['table', 'table (DynamoDB)'],
    ['watching', 'logs and metrics'],
    ['schedule', 'schedule'],
    ['users', 'users (Cognito)'],
  ];

  function element(tag, text, attributes = {}) {
    const made = document.createElement(tag);
    made.textContent = text;
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  }

  const given = new URLSearchParams(location.hash.slice(1));
  const inputs = {};
  // What the address has and no field took.
  const notes = [];
  const notTaken = name =>
    notes.push(`The address has ${name}=${given.get(name)}, which the field does not take: it has its usual value.`);
  const form = element('form', '', { class: 'guide-form' });
  function field(name, label, input) {
    const line = element('label', label);
    line.append(input);
    form.append(line);
    inputs[name] = input;
  }
  for (const [name, label, value, min, step] of fields) {
    const input = element('input', '', { type: 'number', min, step, inputmode: 'decimal' });
    const asked = Number(given.get(name));
    const takes = Number.isFinite(asked) && asked >= min;
    input.value = given.has(name) && takes ? asked : value;
    if (given.has(name) && !takes) notTaken(name);
    input.defaultValue = value;
    field(name, label, input);
  }
  const select = element('select', '');
  for (const name of Object.keys(figures.models)) select.append(element('option', name, { value: name }));
  select.value = Object.hasOwn(figures.models, given.get('model')) ? given.get('model') : usual.model;
  field('model', 'Model', select);
  if (given.has('model') && select.value !== given.get('model')) notTaken('model');
  // A heading has an address too.
  const names = location.hash.includes('=') ? [...new Set(given.keys())] : [];
  const unknown = names.filter(name => !Object.hasOwn(inputs, name));
  if (unknown.length) {
    const all = Object.keys(inputs).join(', ');
    notes.push(`The address has ${unknown.join(', ')}, which is no field of this page. The fields are ${all}.`);
  }

  const result = element('div', '', { 'aria-live': 'polite' });
  const { costs, dollars } = globalThis.costCalculator;
  const millionths = amount => (amount * 1e6).toLocaleString('en-US', { maximumFractionDigits: 1 });

  function show() {
    const invalid = Object.values(inputs).find(input => !input.checkValidity() || input.value === '');
    if (invalid) {
      result.replaceChildren(element('p', 'A field holds no number that it takes: ' + invalid.parentNode.firstChild.data));
      return;
    }
    const n = name => Number(inputs[name].value);
    const workload = {
      ...usual,
      model: inputs.model.value,
      input_tokens: n('in'),
      output_tokens: n('out'),
      tokens_per_second: n('pace'),
      first_token_seconds: n('first'),
      memory_megabytes: n('memory'),
      interval_seconds: n('interval') / 1000,
      connection_seconds: n('connection'),
      readers: n('readers'),
    };
    const size = { users: n('users'), answers: n('answers'), busy_hours: n('busy') };
    const names = Object.keys(figures.architectures);
    const all = names.map(name => costs(figures, name, workload, size));
    const head = element('thead', '');
    const body = element('tbody', '');
    const line = (label, cells, tag = 'td') => {
      const row = element('tr', '');
      row.append(element(tag, label));
      for (const cell of cells) row.append(element(tag, cell, { class: 'figure' }));
      (tag === 'th' ? head : body).append(row);
      return row;
    };
    line('a month, in USD', names.map(name => figures.architectures[name].title), 'th');
    for (const [key, label] of rows) line(label, all.map(one => dollars(one.month[key])));
    line('services together', all.map(one => dollars(one.services))).className = 'sum';
    line('the model', all.map(one => dollars(one.monthOfModel)));
    line('services and model', all.map(one => dollars(one.services + one.monthOfModel))).className = 'sum';
    line('one answer, in millionths of a dollar', all.map(one => millionths(one.answer)));
    line('its model', all.map(one => millionths(one.model)));
    line('share of its time in which its function waits', all.map(one => Math.round(one.waiting * 100) + ' %'));
    line('a month in which nobody asks', all.map(one => dollars(one.idle)));
    line('a preview for its life', all.map(one => dollars(one.preview)));
    const scroll = element('div', '', { class: 'md-typeset__scrollwrap' });
    const inner = element('div', '', { class: 'md-typeset__table' });
    const table = element('table', '');
    table.append(head, body);
    inner.append(table);
    scroll.append(inner);
    result.replaceChildren(scroll);
    const changed = Object.entries(inputs).filter(([name, input]) =>
      name === 'model' ? input.value !== usual.model : input.value !== input.defaultValue);
    const address = new URLSearchParams(changed.map(([name, input]) => [name, input.value])).toString();
    history.replaceState(null, '', '#' + address);
  }

  form.addEventListener('input', show);
  form.addEventListener('submit', event => event.preventDefault());
  place.replaceChildren(form, ...notes.map(text => element('p', text)), result);
  show();
})();
