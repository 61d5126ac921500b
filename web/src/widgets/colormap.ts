// The colour map in force, and all others as ramps that can be searched.
import type { Ramps } from '../server/server.ts';
import { usualColormaps } from '../server/plain.ts';
import { h, icon, ramp, replace } from './dom.ts';

const reversed = (name: string) => (name.endsWith('_r') ? name.slice(0, -2) : `${name}_r`);
const plainName = (name: string) => name.replace(/_r$/, '');

export class ColormapPicker {
  readonly element: HTMLElement;
  private readonly toggle: HTMLButtonElement;
  private readonly flip: HTMLButtonElement;
  private readonly label = h('span', { class: 'name' });
  private readonly swatch = h('span', { class: 'ramp', 'aria-hidden': 'true' });
  private readonly search: HTMLInputElement;
  private readonly grid: HTMLElement;
  private readonly drawer: HTMLElement;
  private readonly change: (name: string) => void;
  private ramps: Ramps = {};
  private name = '';
  private listed: Ramps | null = null;

  constructor(testid: string, change: (name: string) => void) {
    this.change = change;
    this.toggle = h('button', { class: 'pick', type: 'button', testid: `${testid}-toggle`, 'aria-expanded': 'false', onclick: () => this.open(this.drawer.hidden) },
      this.swatch, this.label, icon('down'));
    this.flip = h('button', { class: 'square', type: 'button', testid: `${testid}-reverse`, title: 'Reverse the colours', 'aria-label': 'Reverse the colours', onclick: () => change(reversed(this.name)) }, icon('swap'));
    this.search = h('input', { class: 'text', type: 'search', placeholder: 'Find a colour map', 'aria-label': 'Find a colour map', testid: `${testid}-search`, oninput: () => this.list() });
    this.grid = h('div', { class: 'ramps', role: 'listbox', 'aria-label': 'Colour maps', testid: `${testid}-list` });
    this.grid.addEventListener('keydown', (event) => this.step(event));
    this.drawer = h('div', { class: 'drawer', hidden: true }, this.search, this.grid);
    this.drawer.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      this.open(false);
      this.toggle.focus();
      event.stopPropagation();
    });
    this.element = h('div', { class: 'colormap' }, h('div', { class: 'row' }, h('span', { class: 'key' }, 'Colours'), this.toggle, this.flip), this.drawer);
  }

  set(name: string, ramps: Ramps): void {
    const moved = name !== this.name;
    this.name = name;
    this.ramps = ramps;
    this.label.textContent = name;
    this.swatch.style.backgroundImage = ramps[name] ? ramp(ramps[name]) : 'none';
    this.flip.disabled = !ramps[reversed(name)];
    if (!this.drawer.hidden && (moved || this.listed !== ramps)) this.list();
  }

  private open(open: boolean): void {
    this.drawer.hidden = !open;
    this.toggle.setAttribute('aria-expanded', String(open));
    if (!open) return;
    this.list();
    this.grid.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }

  private list(): void {
    this.listed = this.ramps;
    const wanted = this.search.value.trim().toLowerCase();
    const rank = (name: string) => (usualColormaps.includes(name) ? usualColormaps.indexOf(name) : 999);
    const names = Object.keys(this.ramps).filter((name) => !name.endsWith('_r') && name.includes(wanted))
      .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
    const focused = document.activeElement instanceof HTMLElement && this.grid.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
    replace(this.grid, ...names.map((name) => this.entry(name)), names.length ? null : h('p', { class: 'hint' }, `No colour map is called “${wanted}”.`));
    if (focused) this.grid.querySelector<HTMLElement>(`[data-testid="${focused}"]`)?.focus();
  }

  private entry(name: string): HTMLElement {
    const turned = this.name.endsWith('_r') && this.ramps[`${name}_r`] ? `${name}_r` : name;
    const chosen = plainName(this.name) === name;
    const swatch = h('span', { class: 'ramp', 'aria-hidden': 'true' });
    swatch.style.backgroundImage = ramp(this.ramps[turned] ?? []);
    return h('button', { class: 'entry', type: 'button', role: 'option', 'aria-selected': String(chosen), testid: `colormap-${name}`, onclick: () => this.change(turned) }, swatch, h('span', {}, name));
  }

  private step(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -2, ArrowDown: 2 };
    const step = steps[event.key];
    const entries = [...this.grid.querySelectorAll<HTMLElement>('.entry')];
    const at = entries.indexOf(document.activeElement as HTMLElement);
    if (step === undefined || at < 0) return;
    entries[Math.max(0, Math.min(entries.length - 1, at + step))]?.focus();
    event.preventDefault();
    event.stopPropagation();
  }
}
