// Decides by the data of streamways/deciding: the first way that no rule excludes. A test compares the two.
(function () {
  'use strict';

  const applies = (rule, answers) =>
    Object.entries(rule.when).every(([key, values]) => values.includes(answers[key]));

  // The way, what else to know of it, and for each other way why it is not the one.
  function advise(guide, answers) {
    const first = rules => rules.find(rule => applies(rule, answers));
    const way = guide.ways.find(one => !first(one.excluded));
    return {
      way: way.key,
      also: way.also.filter(rule => applies(rule, answers)).map(rule => rule.says),
      why_not: Object.fromEntries(
        guide.ways.filter(one => one !== way).map(one => [one.key, (first(one.excluded) || { says: one.otherwise }).says]),
      ),
    };
  }

  // Answers from an address; what it lacks, or has wrongly, is the first answer.
  function answersOf(guide, address) {
    const given = new URLSearchParams(address);
    return Object.fromEntries(
      guide.questions.map(({ key, options }) => {
        const asked = given.get(key);
        return [key, Object.hasOwn(options, asked) ? asked : Object.keys(options)[0]];
      }),
    );
  }

  // An address with the answers that are not the first ones.
  function addressOf(guide, answers) {
    const differs = guide.questions.filter(({ key, options }) => answers[key] !== Object.keys(options)[0]);
    return new URLSearchParams(differs.map(({ key }) => [key, answers[key]])).toString();
  }

  const api = { advise, answersOf, addressOf };
  if (typeof module !== 'undefined') module.exports = api;
  else globalThis.decide = api;
})();
