// The one state of the page and who is told when it changes.
import type { State } from './model.ts';

export type Listener = (state: State, before: State) => void;

export class Store {
  private current: State;
  private readonly listeners = new Set<Listener>();

  constructor(state: State) {
    this.current = state;
  }

  get state(): State {
    return this.current;
  }

  update(change: Partial<State>): void {
    const before = this.current;
    this.current = { ...before, ...change };
    for (const listener of this.listeners) listener(this.current, before);
  }

  subscribe(listener: Listener): void {
    this.listeners.add(listener);
  }
}
