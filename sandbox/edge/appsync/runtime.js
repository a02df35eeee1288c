// The globals of APPSYNC_JS: https://docs.aws.amazon.com/appsync/latest/devguide/resolver-util-reference-js.html
// Evaluates to a function: (run, phase, context as JSON) → outcome as JSON, see evaluation.py. A run is what a
// resolver's code evaluates to, {request, response, stash}. At the end everything global is frozen, so that no run can
// leave anything behind for another.
(function () {
  'use strict';
  const parse = JSON.parse;
  const stop = (kind, value) => ({ stop: kind, value });
  let outcome;

  const failure = (message, type, data, errorInfo) => ({
    message: message === undefined || message === null ? null : String(message),
    type: type === undefined || type === null ? 'Custom' : String(type),
    data,
    errorInfo,
  });

  // `util.transform.toSubscriptionFilter`: alternatives (OR) of lists (AND) of {fieldName, operator, value}.
  const both = (left, right) => left.flatMap((a) => right.map((b) => [...a, ...b]));
  const conditions = (fieldName, operators) => {
    if (operators === null || typeof operators !== 'object' || Array.isArray(operators)) {
      throw stop('error', failure(`toSubscriptionFilter: ${fieldName} takes {operator: value}`, 'Code'));
    }
    return Object.entries(operators).map(([operator, value]) => [{ fieldName, operator, value }]);
  };
  const alternatives = (filter, ignored) => {
    let all = [[]];
    for (const [name, value] of Object.entries(filter)) {
      if (name === 'and') {
        for (const part of value) all = both(all, alternatives(part, ignored));
      } else if (name === 'or') {
        const some = value.flatMap((part) => alternatives(part, ignored)).filter((list) => list.length > 0);
        all = some.length > 0 ? both(all, some) : all;
      } else if (!ignored.includes(name)) {
        all = both(all, conditions(name, value));
      }
    }
    return all;
  };
  const toSubscriptionFilter = (filter, ignored, rules) => {
    let all = alternatives(typeof filter === 'string' ? parse(filter) : filter, ignored || []);
    const strict = Object.entries(rules || {}).flatMap(([name, operators]) => conditions(name, operators));
    all = strict.length > 0 ? both(all, strict) : all;
    return { filterGroup: all.filter((list) => list.length > 0).map((filters) => ({ filters })) };
  };

  // The first is a random UUID from outside; further ones of the same handler count on from it.
  const autoId = () => {
    const [head, tail] = [outcome.uuid.slice(0, -12), parseInt(outcome.uuid.slice(-12), 16)];
    const id = outcome.uuid;
    outcome.uuid = head + ((tail + 1) % 2 ** 48).toString(16).padStart(12, '0');
    return id;
  };

  globalThis.util = {
    error: (message, type, data, errorInfo) => {
      throw stop('error', failure(message, type, data, errorInfo));
    },
    appendError: (message, type, data, errorInfo) => {
      outcome.appended.push(failure(message, type, data, errorInfo));
    },
    unauthorized: () => {
      throw stop('unauthorized');
    },
    authType: () => outcome.authType,
    autoId,
    time: {
      nowISO8601: () => new Date().toISOString(),
      nowEpochSeconds: () => Math.floor(Date.now() / 1000),
      nowEpochMilliSeconds: () => Date.now(),
    },
    transform: { toSubscriptionFilter },
  };
  globalThis.runtime = {
    earlyReturn: (value) => {
      throw stop('early', value);
    },
  };
  globalThis.extensions = {
    setSubscriptionFilter: (filter) => {
      outcome.filter = filter === undefined ? null : filter;
    },
  };
  const print = (...values) => {
    outcome.printed.push(values.map((v) => (typeof v === 'string' ? v : JSON.stringify(v))).join(' '));
  };
  globalThis.console = { log: print, error: print };
  // "Returns a blank string if the parsed string is not valid JSON" (supported-features page).
  JSON.parse = (text) => {
    try {
      return parse(text);
    } catch {
      return '';
    }
  };

  const freeze = (value) => {
    if (value === null || !['object', 'function'].includes(typeof value) || Object.isFrozen(value)) return;
    Object.freeze(value);
    for (const property of Object.values(Object.getOwnPropertyDescriptors(value))) {
      for (const part of ['value', 'get', 'set']) freeze(property[part] ?? null);
    }
    freeze(Object.getPrototypeOf(value));
  };
  freeze(globalThis);

  return function (run, phase, contextText) {
    const { authType, uuid, ...context } = parse(contextText);
    context.arguments = context.args;
    context.stash = run.stash;
    for (const name of ['selectionSetList', 'selectionSetGraphQL']) {
      // JSON.stringify leaves these two out, says the context reference.
      Object.defineProperty(context.info, name, { value: context.info[name], enumerable: false });
    }
    outcome = { authType, uuid, appended: [], printed: [] };
    try {
      outcome.value = run[phase](context);
    } catch (thrown) {
      if (thrown === null || typeof thrown !== 'object' || thrown.stop === undefined) throw thrown;
      outcome.stop = thrown.stop;
      outcome.value = thrown.value;
    }
    return JSON.stringify(outcome);
  };
})();
