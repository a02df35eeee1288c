// The state of a chat without a framework around it; `changed` is called after each change.

export class State {
  messages = [];
  error = undefined;
  #status = 'ready';
  #changed;

  constructor(changed = () => {}) {
    this.#changed = changed;
  }

  get status() {
    return this.#status;
  }

  set status(status) {
    this.#status = status;
    this.#changed();
  }

  pushMessage = message => {
    this.messages.push(message);
    this.#changed();
  };
  popMessage = () => this.messages.pop();
  replaceMessage = (index, message) => {
    this.messages[index] = message;
    this.#changed();
  };
  snapshot = structuredClone;
}
