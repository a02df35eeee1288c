// The search of the site is a worker, and a browser starts none for a page that was opened from a folder. There a hidden
// frame of the same origin takes the worker's place. mkdocs-material's plugin `offline` would load such a script from a
// CDN, unless one of this name is there.
'use strict';

if (location.protocol === 'file:') {
  window.Worker = class extends EventTarget {
    constructor(address) {
      super();
      const frame = document.createElement('iframe');
      frame.hidden = true;
      this.scope = new Promise(loaded => frame.addEventListener('load', loaded, { once: true })).then(async () => {
        const scope = frame.contentWindow;
        const load = source =>
          new Promise((done, failed) => {
            const script = scope.document.createElement('script');
            Object.assign(script, { src: new URL(source, location.href), onload: done, onerror: failed });
            scope.document.head.append(script);
          });
        scope.postMessage = data => this.dispatchEvent(new MessageEvent('message', { data }));
        scope.importScripts = async (...sources) => {
          for (const source of sources) await load(source);
        };
        await load(address);
        return scope;
      });
      document.body.append(frame);
    }

    postMessage(data) {
      this.scope.then(scope => scope.dispatchEvent(new MessageEvent('message', { data })));
    }
  };
}
