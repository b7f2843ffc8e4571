// Which optimizers are one: a Lookahead and the optimizer in it are two views of the same groups and state.
const owners = new WeakMap<object, object>();

/** Notes that an optimizer is a view of another. */
export function noteView(view: object, of: object): void {
  owners.set(view, ownerOf(of));
}

/** What stands for an optimizer and all its views. */
export const ownerOf = (optimizer: object): object => owners.get(optimizer) ?? optimizer;
