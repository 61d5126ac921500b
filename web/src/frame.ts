// Where things are: the map, panels at its sides, on a phone as sheets below it.
import { h, icon, replace } from './widgets/dom.ts';
import type { PaddingOptions } from 'maplibre-gl';

type Sheet = 'search' | 'layer';

export class Frame {
  readonly map = h('div', { class: 'map', testid: 'map' });
  private readonly root: HTMLElement;
  private readonly left: HTMLElement;
  private readonly right = h('div', { class: 'side right' });
  private readonly find = h('div', { class: 'find' });
  private readonly empty = h('div', { class: 'none', hidden: true });
  private readonly foot = h('div', { class: 'foot' });
  private readonly buttons = h('div', { class: 'zooms', role: 'group', 'aria-label': 'Map' });
  private readonly sheets: Record<Sheet, HTMLButtonElement>;

  constructor(root: HTMLElement, theme: HTMLElement, gone: HTMLElement) {
    this.root = root;
    const logo = h('img', { class: 'logo', src: './favicon.svg', alt: '', width: 22, height: 22 });
    this.left = h('aside', { class: 'panel side left', 'aria-label': 'Catalogue' },
      h('header', {}, logo, h('h1', {}, 'Terrazzo'), theme), this.find, this.empty);
    this.sheets = { search: this.sheet('search', 'Datasets'), layer: this.sheet('layer', 'Layer') };
    const bar = h('div', { class: 'sheet-bar', role: 'group', 'aria-label': 'Panels' }, this.sheets.search, this.sheets.layer);
    replace(root, h('main', {}, this.map, this.buttons, this.foot), bar, this.left, this.right, gone);
    this.openSheet('layer');
  }

  fill(search: HTMLElement, results: HTMLElement, layer: HTMLElement, status: HTMLElement): void {
    this.find.append(search, results);
    this.right.append(layer);
    this.foot.append(status);
  }

  controls({ zoom, home }: { zoom: (step: number) => void; home: () => void }): void {
    const button = (name: 'plus' | 'minus' | 'home', label: string, run: () => void) =>
      h('button', { type: 'button', title: label, 'aria-label': label, testid: `map-${name}`, onclick: run }, icon(name));
    replace(this.buttons, button('plus', 'Zoom in (+)', () => zoom(1)), button('minus', 'Zoom out (−)', () => zoom(-1)), button('home', 'Show the whole dataset', home));
  }

  setEmpty(content: HTMLElement | null): void {
    this.empty.hidden = !content;
    this.find.hidden = !!content;
    this.right.hidden = !!content;
    this.root.classList.toggle('bare', !!content);
    replace(this.empty, content);
    if (content) this.openSheet('search');
  }

  openSheet(name: Sheet | null): void {
    this.root.dataset.sheet = name ?? '';
    for (const one of ['search', 'layer'] as const) this.sheets[one].setAttribute('aria-expanded', String(one === name));
  }

  // What the panels cover, and a margin.
  padding(): PaddingOptions {
    const map = this.map.getBoundingClientRect();
    const side = (element: HTMLElement) => element.getBoundingClientRect();
    const phone = getComputedStyle(this.root).getPropertyValue('--phone').trim() === '1';
    const edge = phone ? 20 : 32;
    return {
      top: edge, bottom: phone ? edge + 16 : edge + 8,
      left: phone ? edge : side(this.left).right - map.left + edge,
      right: phone ? edge : Math.max(0, map.right - side(this.right).left) + 48 + edge / 2,
    };
  }

  private sheet(name: Sheet, label: string): HTMLButtonElement {
    return h('button', { type: 'button', testid: `sheet-${name}`, 'aria-expanded': 'false', onclick: () => this.openSheet(this.root.dataset.sheet === name ? null : name) }, label);
  }
}
