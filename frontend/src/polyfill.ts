// What MapLibre and Vue call and Chromium 87 to 102 lack. Imported first by the page and by the map's worker.

if (!Object.hasOwn) {
  Object.defineProperty(Object, 'hasOwn', {
    value: (object: object, key: PropertyKey) => Object.hasOwn(object, key),
    configurable: true,
    writable: true,
  });
}

for (const prototype of [Array.prototype, String.prototype]) {
  if (!prototype.at) {
    Object.defineProperty(prototype, 'at', {
      value(this: ArrayLike<unknown>, index: number) {
        const position = Math.trunc(index) || 0;
        return this[position < 0 ? this.length + position : position];
      },
      configurable: true,
      writable: true,
    });
  }
}

if (typeof AbortSignal !== 'undefined' && !AbortSignal.prototype.throwIfAborted) {
  AbortSignal.prototype.throwIfAborted = function throwIfAborted() {
    if (this.aborted) throw this.reason ?? new DOMException('The operation was aborted.', 'AbortError');
  };
}

export {};
