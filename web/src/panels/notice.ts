// A calm bar while the server does not answer, and the page of an empty catalogue.
import { h } from '../widgets/dom.ts';

const waits = [2, 4, 8, 15, 30]; // seconds between tries

export class GoneBar {
  readonly element: HTMLElement;
  private readonly text = h('span');
  private readonly probe: () => Promise<boolean>;
  private turn = 0;
  private left = 0;
  private timer = 0;

  // probe: asks again; true once the server answers.
  constructor(probe: () => Promise<boolean>) {
    this.probe = probe;
    this.element = h('div', { class: 'gone', role: 'status', testid: 'gone', hidden: true },
      h('span', { class: 'dot', 'aria-hidden': 'true' }), this.text,
      h('button', { class: 'plain', type: 'button', testid: 'retry', onclick: () => void this.ask() }, 'Try now'));
  }

  away(): void {
    if (!this.element.hidden) return;
    this.element.hidden = false;
    this.turn = 0;
    this.wait();
  }

  private wait(): void {
    this.left = waits[Math.min(this.turn++, waits.length - 1)]!;
    clearInterval(this.timer);
    this.tell();
    this.timer = window.setInterval(() => {
      this.left--;
      if (this.left > 0) this.tell();
      else void this.ask();
    }, 1000);
  }

  private tell(): void {
    this.text.textContent = `The server does not answer. Next try in ${this.left} s`;
  }

  private async ask(): Promise<void> {
    clearInterval(this.timer);
    this.text.textContent = 'The server does not answer. Trying …';
    if (await this.probe()) this.element.hidden = true;
    else this.wait();
  }
}

export function emptyCatalogue(): HTMLElement {
  const command = "terrazzo ingest '/data/{sensor}_{date}_{band}.tif' -o catalogue.sqlite";
  const said = h('span', { class: 'said', role: 'status' });
  const copy = () => {
    void navigator.clipboard?.writeText(command).then(() => (said.textContent = 'copied'));
  };
  return h('section', { class: 'empty', testid: 'empty' },
    h('h2', {}, 'The catalogue is empty'),
    h('p', {}, 'Name the parts of your file names and let Terrazzo read them in. Each part in braces becomes a key to search by:'),
    h('pre', { tabindex: 0 }, h('code', {}, command)),
    h('p', {}, h('button', { class: 'plain', type: 'button', onclick: copy }, 'Copy'), ' ', said),
    h('p', { class: 'hint' }, 'Then reload this page.'));
}
