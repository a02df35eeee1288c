// As much of a browser's document as the scripts of the documentation use, for tests without a browser.
'use strict';

class Element {
  constructor(tag) {
    Object.assign(this, { tag, children: [], attributes: {}, listeners: {}, value: '', className: '' });
  }
  append(...children) {
    for (const child of children) if (typeof child !== 'string') child.parentNode = this;
    this.children.push(...children);
  }
  replaceChildren(...children) {
    this.children = [];
    this.append(...children);
  }
  set textContent(text) {
    this.children = text === '' ? [] : [text];
  }
  get textContent() {
    return this.children.map(child => (typeof child === 'string' ? child : child.textContent)).join('');
  }
  get firstChild() {
    return { data: this.children[0] };
  }
  setAttribute(name, value) {
    this.attributes[name] = String(value);
  }
  addEventListener(type, listener) {
    this.listeners[type] = listener;
  }
  checkValidity() {
    const number = Number(this.value);
    return this.tag !== 'input' || (Number.isFinite(number) && number >= Number(this.attributes.min));
  }
  scrollIntoView() {}
  all(tag) {
    const below = this.children.flatMap(child => (typeof child === 'string' ? [] : [child, ...child.all()]));
    return tag ? below.filter(each => each.tag === tag) : below;
  }
  // The inputs of a form by their names; radio buttons together, with the value of the checked one.
  get elements() {
    const form = this;
    return new Proxy({}, {
      get: (_, name) => {
        form.chosen ??= {};
        return { get value() { return form.chosen[name]; }, set value(value) { form.chosen[name] = value; } };
      },
    });
  }
}

// Opens a page with one element of this id, at this fragment, and runs the scripts in it.
exports.open = (id, fragment, scripts) => {
  const place = new Element('div');
  globalThis.location = { hash: fragment };
  globalThis.history = { replaceState: (_, __, address) => { globalThis.location.hash = address; } };
  globalThis.addEventListener = () => {};
  globalThis.document = {
    getElementById: asked => (asked === id ? place : null),
    createElement: tag => new Element(tag),
  };
  for (const script of scripts) new Function('module', require('fs').readFileSync(script, 'utf8'))();
  return place;
};
