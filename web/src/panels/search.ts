// What is looked for: one box, chips of what is set, facets with counts.
import type { App } from '../app.ts';
import type { Count, SearchAnswer, State } from '../core/model.ts';
import { count } from '../core/numbers.ts';
import { isDate } from '../server/plain.ts';
import { debounce, h, icon, replace } from '../widgets/dom.ts';

const few = 6; // values of a facet shown before "all"
const most = 50; // values a server lists of a facet

export class SearchPanel {
  readonly element: HTMLElement;
  readonly box: HTMLInputElement;
  private readonly app: App;
  private readonly chips = h('div', { class: 'chips', testid: 'chips' });
  private readonly facets = h('div', { class: 'facets', testid: 'facets' });
  private open: string | null | undefined; // undefined: the first
  private readonly whole = new Set<string>(); // facets shown with all values
  private answer: SearchAnswer | null = null;

  constructor(app: App, toRows: () => void) {
    this.app = app;
    this.box = h('input', {
      type: 'search', placeholder: 'Search datasets', 'aria-label': 'Search datasets', 'aria-keyshortcuts': '/',
      spellcheck: 'false', autocomplete: 'off', testid: 'search',
    });
    const type = debounce(180, () => app.store.update({ text: this.box.value, page: 0 }));
    this.box.addEventListener('input', () => (this.take() ? undefined : type()));
    this.box.addEventListener('keydown', (event) => {
      if (event.key === 'ArrowDown' || event.key === 'Enter') {
        this.app.store.update({ text: this.box.value });
        toRows();
      }
      else if (event.key === 'Escape') this.box.blur();
      else if (event.key === 'Backspace' && this.box.value === '') this.dropLast();
      else return;
      if (event.key !== 'Backspace') event.preventDefault();
    });
    this.element = h('div', { class: 'search', role: 'search' },
      h('div', { class: 'box' }, this.chips, h('div', { class: 'line' }, icon('search'), this.box, h('kbd', { 'aria-hidden': 'true' }, '/'))),
      this.facets);
  }

  update(state: State): void {
    if (document.activeElement !== this.box) this.box.value = state.text;
    const set = Object.entries(state.filters).flatMap(([key, values]) => values.map((value) => ({ key, value })));
    this.chips.hidden = !set.length;
    replace(this.chips, ...set.map(({ key, value }) => h('button', {
      class: 'chip', type: 'button', testid: `chip-${key}-${value}`, 'aria-label': `Remove ${key} ${value}`, onclick: () => this.toggle(key, value),
    }, h('span', {}, key, ' ', h('b', {}, value)), icon('close'))));
    if (this.answer) this.found(this.answer);
  }

  found(answer: SearchAnswer): void {
    this.answer = answer;
    const { names } = this.app.server;
    // On a phone the rows come first.
    const room = window.matchMedia('(min-width: 721px)').matches;
    if (this.open === undefined) this.open = room ? (names[0]?.key ?? null) : null;
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.testid : undefined;
    replace(this.facets, ...names.map(({ key, description }) => this.facet(key, description ?? '', answer.facets[key] ?? [])));
    if (focused) this.facets.querySelector<HTMLElement>(`[data-testid="${CSS.escape(focused)}"]`)?.focus();
  }

  private facet(key: string, description: string, found: readonly Count[]): HTMLElement {
    const counts = found.every(({ value }) => isDate(value)) ? [...found].sort((a, b) => (a.value < b.value ? 1 : -1)) : found;
    const size = counts.length === most ? `${most}+` : count(counts.length);
    const open = this.open === key;
    const chosen = this.app.store.state.filters[key] ?? [];
    const head = h('button', {
      class: 'head', type: 'button', 'aria-expanded': String(open), title: description || null, testid: `facet-${key}`,
      onclick: () => {
        this.open = open ? null : key;
        if (this.answer) this.found(this.answer);
      },
    }, h('span', {}, key), h('span', { class: 'figure' }, chosen.length ? `${chosen.length} of ${size}` : size), icon('down'));
    if (!open) return h('div', { class: 'facet' }, head);
    const here = new Set(counts.map(({ value }) => value));
    const all = [...counts, ...chosen.filter((value) => !here.has(value)).map((value) => ({ value, count: 0 }))];
    const shown = this.whole.has(key) ? all : all.filter(({ value }, k) => k < few || chosen.includes(value));
    const rows = shown.map(({ value, count: n }) => h('label', { class: 'value' },
      this.tick(key, value, chosen.includes(value)), h('span', { class: 'name' }, value), h('span', { class: 'figure' }, count(n))));
    const more = all.length > few && h('button', {
      class: 'quiet', type: 'button', testid: `facet-${key}-more`,
      onclick: () => {
        if (!this.whole.delete(key)) this.whole.add(key);
        if (this.answer) this.found(this.answer);
      },
    }, this.whole.has(key) ? 'fewer' : `all ${size}`);
    return h('div', { class: 'facet' }, head, h('div', { class: 'values', role: 'group', 'aria-label': key }, ...rows, more));
  }

  private tick(key: string, value: string, on: boolean): HTMLInputElement {
    const box = h('input', { type: 'checkbox', testid: `facet-${key}-${value}`, onchange: () => this.toggle(key, value) });
    box.checked = on;
    return box;
  }

  private toggle(key: string, value: string): void {
    const { filters } = this.app.store.state;
    const now = filters[key] ?? [];
    const next = now.includes(value) ? now.filter((one) => one !== value) : [...now, value];
    const { [key]: _, ...others } = filters;
    this.app.store.update({ filters: next.length ? { ...others, [key]: next } : others, page: 0 });
  }

  private dropLast(): void {
    const last = Object.entries(this.app.store.state.filters).at(-1);
    const value = last?.[1].at(-1);
    if (last && value !== undefined) this.toggle(last[0], value);
  }

  // "sensor:L7 " becomes a chip; whether one was taken.
  private take(): boolean {
    const found = /(?:^|\s)(\w+):(\S+)\s$/.exec(this.box.value);
    const key = this.app.server.names.find((name) => name.key.toLowerCase() === found?.[1]!.toLowerCase())?.key;
    if (!found || !key) return false;
    this.box.value = this.box.value.slice(0, found.index).trim();
    const { filters } = this.app.store.state;
    const values = new Set([...(filters[key] ?? []), found[2]!]);
    this.app.store.update({ filters: { ...filters, [key]: [...values] }, text: this.box.value, page: 0 });
    return true;
  }
}
