// The datasets found: rows with a thumbnail, pages, keyboard.
import type { App } from '../app.ts';
import { autoStretch } from '../drawing.ts';
import { bandLayer, pictureUrl } from '../core/layer.ts';
import { initialState, pageSize, sameKeys, type Dataset, type SearchAnswer, type State } from '../core/model.ts';
import { count, figure, percent } from '../core/numbers.ts';
import { shapeOf } from '../core/statistics.ts';
import { h, icon, replace } from '../widgets/dom.ts';
import { select, setOptions } from '../widgets/controls.ts';

const sortNames: Record<string, string> = { newest: 'newest first', keys: 'by name' };

export class ResultsPanel {
  readonly element: HTMLElement;
  private readonly app: App;
  private readonly total = h('span', { class: 'total', role: 'status', testid: 'total' }, '\u00a0');
  private readonly list = h('ul', { class: 'rows', 'aria-label': 'Datasets', testid: 'rows' });
  private readonly pager = h('nav', { class: 'pager', 'aria-label': 'Pages', testid: 'pager' });
  private readonly sort: HTMLSelectElement;
  private readonly inView: HTMLInputElement;
  private answer: SearchAnswer | null = null;

  constructor(app: App) {
    this.app = app;
    this.sort = select('Order', 'sort', (value) => app.store.update({ sort: value === 'keys' ? 'keys' : 'newest', page: 0 }));
    setOptions(this.sort, Object.keys(sortNames), 'newest', (name) => sortNames[name]!);
    this.inView = h('input', { type: 'checkbox', testid: 'in-view', onchange: () => app.store.update({ inView: this.inView.checked, page: 0 }) });
    this.list.addEventListener('keydown', (event) => this.step(event));
    this.list.addEventListener('mouseleave', () => app.hover(null));
    replace(this.list, ...Array.from({ length: 8 }, () => h('li', { class: 'row ghost', 'aria-hidden': 'true' }, h('span', { class: 'thumb' }), h('span', { class: 'lines' }, h('i'), h('i')))));
    this.element = h('section', { class: 'results', 'aria-label': 'Datasets' },
      h('div', { class: 'bar' }, this.total, h('label', { class: 'check' }, this.inView, 'in view'), this.sort),
      this.list, this.pager);
  }

  update(state: State): void {
    this.inView.checked = state.inView;
    this.sort.value = state.sort;
    this.mark(state);
  }

  found(answer: SearchAnswer, state: State): void {
    const focused = this.list.contains(document.activeElement);
    this.answer = answer;
    this.total.textContent = answer.total === 1 ? '1 dataset' : `${count(answer.total)} datasets`;
    replace(this.list, ...answer.datasets.map((dataset, k) => this.row(dataset, k)));
    if (!answer.datasets.length) replace(this.list, h('li', { class: 'none', testid: 'no-match' }, 'Nothing matches. ', this.clear()));
    this.pages(answer, state);
    this.mark(state);
    this.list.scrollTop = 0;
    if (focused) this.focus();
  }

  failed(message: string): void {
    this.answer = null;
    this.total.textContent = '\u00a0';
    this.pager.hidden = true;
    replace(this.list, h('li', { class: 'none', testid: 'search-error' }, h('span', { class: 'error' }, message), ' ', this.clear()));
  }

  focus(): void {
    const chosen = this.list.querySelector<HTMLElement>('[aria-current=true]') ?? this.list.querySelector<HTMLElement>('button.row');
    chosen?.focus();
  }

  hover(dataset: Dataset | null): void {
    this.rows().forEach((row, k) => row.classList.toggle('hovered', !!dataset && sameKeys(this.answer?.datasets[k]?.keys ?? null, dataset.keys)));
  }

  private rows(): HTMLElement[] {
    return [...this.list.querySelectorAll<HTMLElement>('button.row')];
  }

  private mark(state: State): void {
    let current = 0;
    const rows = this.rows();
    rows.forEach((row, k) => {
      const chosen = sameKeys(this.answer?.datasets[k]?.keys ?? null, state.shown);
      row.setAttribute('aria-current', String(chosen));
      if (chosen) current = k;
    });
    rows.forEach((row, k) => (row.tabIndex = k === current ? 0 : -1));
  }

  private clear(): HTMLElement {
    const { text, filters, inView } = initialState();
    return h('button', { class: 'quiet', type: 'button', testid: 'clear', onclick: () => this.app.store.update({ text, filters, inView, page: 0 }) }, 'Clear the search');
  }

  private row(dataset: Dataset, position: number): HTMLElement {
    const [first = '', ...rest] = dataset.keys;
    const facts: (string | false)[] = [
      !!dataset.range && `${figure(dataset.range[0])} … ${figure(dataset.range[1])}`,
      dataset.validPercentage !== null && `${percent(dataset.validPercentage / 100)} valid`,
    ];
    const button = h('button', {
      class: 'row', type: 'button', tabindex: -1, testid: `row-${position}`, 'data-keys': dataset.keys.join('/'),
      onclick: () => this.app.show(dataset.keys),
      onmouseenter: () => this.app.hover(dataset), onfocus: () => this.app.hover(dataset), onblur: () => this.app.hover(null),
    }, this.thumb(dataset), h('span', { class: 'lines' },
      h('span', { class: 'name' }, h('b', {}, first), ...rest.map((part) => h('span', {}, part))),
      dataset.range ? h('span', { class: 'facts' }, facts.filter(Boolean).join(' · ')) : h('span', { class: 'facts flag' }, 'no statistics yet')));
    return h('li', {}, button);
  }

  private thumb(dataset: Dataset): HTMLElement {
    const [rows, cols] = shapeOf(dataset.bounds, 96);
    const look = { ...initialState().band, stretch: dataset.range ? autoStretch(dataset.percentiles, dataset.range) : null };
    const image = h('img', { class: 'thumb', alt: '', loading: 'lazy', decoding: 'async', fetchpriority: 'low', width: 44, height: 44 });
    image.addEventListener('error', () => image.classList.add('failed'));
    const url = pictureUrl(this.app.server.api.root, bandLayer(dataset.keys, look), 'preview.png', [rows, cols]);
    void this.app.calm.then(() => (image.src = url));
    return image;
  }

  private pages({ total }: SearchAnswer, state: State): void {
    const last = Math.max(0, Math.ceil(total / pageSize) - 1);
    this.pager.hidden = last === 0;
    const go = (page: number) => this.app.store.update({ page });
    const button = (page: number) => h('button', {
      class: 'page', type: 'button', testid: `page-${page + 1}`, 'aria-label': `Page ${page + 1}`, 'aria-current': page === state.page ? 'page' : null, onclick: () => go(page),
    }, String(page + 1));
    const end = (name: 'left' | 'right', label: string, page: number) => {
      const arrow = h('button', { class: 'page', type: 'button', testid: `page-${name === 'left' ? 'previous' : 'next'}`, 'aria-label': label, onclick: () => go(page) }, icon(name));
      arrow.disabled = page < 0 || page > last;
      return arrow;
    };
    const near = [...new Set([0, state.page - 1, state.page, state.page + 1, last])].filter((page) => page >= 0 && page <= last).sort((a, b) => a - b);
    const inner = near.flatMap((page, k) => (k && page - near[k - 1]! > 1 ? [h('span', { class: 'gap' }, '…'), button(page)] : [button(page)]));
    replace(this.pager, end('left', 'Previous page', state.page - 1), ...inner, end('right', 'Next page', state.page + 1));
  }

  private step(event: KeyboardEvent): void {
    const rows = this.rows();
    const at = rows.indexOf(document.activeElement as HTMLElement);
    const target: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 };
    const to = target[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    const row = rows[Math.max(0, Math.min(rows.length - 1, to))];
    rows.forEach((one) => (one.tabIndex = one === row ? 0 : -1));
    row?.focus();
  }
}
