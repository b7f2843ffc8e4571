// What console.log shows of an optimizer in Node. Browsers show what they like.

import { classNameOf } from "../foreign";

/** By this key Node finds what console.log shows. */
const inspect = Symbol.for("nodejs.util.inspect.custom");

type Inspect = (value: unknown, options: object) => string;

/** What there is to show; undefined: it was disposed. */
export interface Shown {
  readonly version: string;
  readonly state: object | undefined;
}

/** Lets Node's console.log show an optimizer: its name and release, its options, and how many variables and steps there are. */
export function defineInspect(prototype: object, title: string, shownOf: (optimizer: object) => Shown | undefined): void {
  Object.defineProperty(prototype, inspect, {
    value(this: object, depth: number, options: object, toText: Inspect = String) {
      const shown = shownOf(this);
      if (shown === undefined) return title;
      const name = classNameOf(this);
      const text = `${name === title || name === "" ? title : `${name} of ${title}`} ${shown.version}`;
      if (shown.state === undefined) return `${text} (disposed)`;
      return depth < 0 ? `[${text}]` : `${text} ${toText(shown.state, { ...options, depth: 4 })}`;
    },
    writable: true,
    configurable: true,
  });
}
