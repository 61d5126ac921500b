// Light or dark: as the system says, until somebody chooses.
import { h, icon, replace } from './widgets/dom.ts';

type Theme = 'auto' | 'light' | 'dark';
const order: Theme[] = ['auto', 'light', 'dark'];
const icons = { auto: 'auto', light: 'sun', dark: 'moon' };
const names = { auto: 'as the system', light: 'light', dark: 'dark' };

export class ThemeSwitch {
  readonly element: HTMLButtonElement;
  private theme: Theme = 'auto';
  private readonly system = window.matchMedia('(prefers-color-scheme: dark)');
  private readonly change: (dark: boolean) => void;

  constructor(change: (dark: boolean) => void) {
    this.change = change;
    try {
      this.theme = order.find((one) => one === localStorage.getItem('theme')) ?? 'auto';
    } catch {
      // No storage: the choice lasts as long as the page.
    }
    this.element = h('button', { class: 'square', type: 'button', testid: 'theme', onclick: () => this.next() });
    this.system.addEventListener('change', () => this.apply());
    this.apply();
  }

  get dark(): boolean {
    return this.theme === 'auto' ? this.system.matches : this.theme === 'dark';
  }

  private next(): void {
    // The first press must change what is seen.
    const wanted = this.theme === 'auto' ? (this.system.matches ? 'light' : 'dark') : order[(order.indexOf(this.theme) + 1) % order.length]!;
    this.theme = wanted;
    try {
      localStorage.setItem('theme', this.theme);
    } catch {
      // As above.
    }
    this.apply();
  }

  private apply(): void {
    document.documentElement.dataset.theme = this.dark ? 'dark' : 'light';
    replace(this.element, icon(icons[this.theme] as 'sun'));
    this.element.title = `Colours of the page: ${names[this.theme]}`;
    this.element.setAttribute('aria-label', this.element.title);
    this.change(this.dark);
  }
}
