// How the layer looks: tabs, opacity, what to take along.
import type { App, Panel } from '../app.ts';
import { tabs, type State, type Tab } from '../core/model.ts';
import type { Drawing } from '../drawing.ts';
import { slider } from '../widgets/controls.ts';
import { h } from '../widgets/dom.ts';
import { bandPanel } from './band.ts';
import { classesPanel } from './classes.ts';
import { formulaPanel } from './formula.ts';
import { rgbPanel } from './rgb.ts';
import { TakePanel } from './take.ts';

const titles: Record<Tab, string> = { band: 'Band', rgb: 'RGB', formula: 'Formula', classes: 'Classes' };

export class LayerPanel {
  readonly element: HTMLElement;
  private readonly app: App;
  private readonly panels: Record<Tab, Panel>;
  private readonly buttons: Record<Tab, HTMLButtonElement>;
  private readonly take: TakePanel;
  private readonly opacity = slider({
    label: 'Opacity', testid: 'opacity', low: 0, high: 1, step: 0.01, rest: 1,
    show: (value) => `${Math.round(value * 100)}\u202f%`, change: (opacity) => this.app.store.update({ opacity }),
  });
  private readonly name = h('span', { class: 'name', testid: 'layer-name' });
  private readonly message = h('p', { class: 'error', role: 'alert', testid: 'layer-error' });
  private readonly complainFormula: (message: string) => void;

  constructor(app: App) {
    this.app = app;
    const formula = formulaPanel(app);
    this.complainFormula = formula.complain;
    this.panels = { band: bandPanel(app), rgb: rgbPanel(app), formula, classes: classesPanel(app) };
    this.take = new TakePanel(app);
    this.buttons = Object.fromEntries(tabs.map((tab) => [tab, h('button', {
      type: 'button', role: 'tab', id: `tab-${tab}`, 'aria-controls': `panel-${tab}`, testid: `tab-${tab}`, onclick: () => app.store.update({ tab }),
    }, titles[tab])])) as Record<Tab, HTMLButtonElement>;
    const bar = h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Kind of picture' }, ...tabs.map((tab) => this.buttons[tab]));
    bar.addEventListener('keydown', (event) => this.step(event));
    for (const tab of tabs) {
      const { element } = this.panels[tab];
      element.id = `panel-${tab}`;
      element.setAttribute('role', 'tabpanel');
      element.setAttribute('aria-labelledby', `tab-${tab}`);
    }
    this.element = h('section', { class: 'panel layer', 'aria-label': 'Layer' },
      h('header', {}, h('h2', {}, 'Layer'), this.name), h('div', { class: 'progress', testid: 'progress' }), bar,
      h('div', { class: 'scroll' }, ...tabs.map((tab) => this.panels[tab].element), this.message, this.opacity.element), this.take.element);
  }

  update(state: State): void {
    for (const tab of tabs) {
      const chosen = tab === state.tab;
      this.buttons[tab].setAttribute('aria-selected', String(chosen));
      this.buttons[tab].tabIndex = chosen ? 0 : -1;
      this.panels[tab].element.hidden = !chosen;
    }
    this.opacity.set(state.opacity);
    this.name.textContent = this.app.scene?.keys.join(' · ') ?? '';
    this.name.title = this.name.textContent;
    this.element.classList.toggle('waiting', !this.app.scene);
    this.panels[state.tab].update(this.app, state);
  }

  drawn(drawing: Drawing): void {
    this.take.set(drawing);
    this.complain('');
  }

  // Beside the control that caused it; the picture stays as it was.
  complain(message: string): void {
    const formula = this.app.store.state.tab === 'formula';
    this.message.textContent = formula ? '' : message;
    if (formula || !message) this.complainFormula(message);
  }

  busy(busy: boolean): void {
    this.element.classList.toggle('busy', busy);
  }

  private step(event: KeyboardEvent): void {
    const at = tabs.indexOf(this.app.store.state.tab);
    const target: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 };
    const to = target[event.key];
    if (to === undefined) return;
    const tab = tabs[(to + tabs.length) % tabs.length]!;
    event.preventDefault();
    this.app.store.update({ tab });
    this.buttons[tab].focus();
  }
}
