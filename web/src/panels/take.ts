// Take it along: link, tile address, command, picture.
import type { App } from '../app.ts';
import { pictureUrl } from '../core/layer.ts';
import { shapeOf } from '../core/statistics.ts';
import { encodeState } from '../core/url.ts';
import type { Drawing } from '../drawing.ts';
import { h } from '../widgets/dom.ts';

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without a secure context there is no clipboard but the old way.
    const field = h('textarea', { class: 'aside', 'aria-hidden': 'true' });
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    return done;
  }
}

export class TakePanel {
  readonly element: HTMLElement;
  private readonly app: App;
  private readonly said = h('span', { class: 'said', role: 'status', testid: 'copied' });
  private drawing: Drawing | null = null;
  private timer = 0;

  constructor(app: App) {
    this.app = app;
    const button = (testid: string, label: string, title: string, run: () => void, main = false) =>
      h('button', { class: main ? 'main' : 'plain', type: 'button', testid, title, onclick: run }, label);
    this.element = h('div', { class: 'take' },
      button('copy-link', 'Copy link', 'The address of what you see', () => this.put(this.link(), 'Link'), true),
      button('copy-tiles', 'Tile URL', 'The address of the tiles, with {z}/{x}/{y}', () => this.put(this.tiles(), 'Tile URL')),
      button('copy-curl', 'curl', 'A command that fetches the picture', () => this.put(this.curl(), 'Command')),
      button('save-png', 'PNG', 'Save the map as it looks', () => void this.save()), this.said);
  }

  set(drawing: Drawing | null): void {
    this.drawing = drawing;
    for (const testid of ['copy-tiles', 'copy-curl']) {
      this.element.querySelector<HTMLButtonElement>(`[data-testid=${testid}]`)!.disabled = !drawing;
    }
  }

  private link(): string {
    const state = { ...this.app.store.state, view: this.app.map.view };
    return `${location.href.replace(/#.*$/, '')}#${encodeState(state)}`;
  }

  private tiles(): string {
    return this.drawing ? pictureUrl(this.app.server.api.root, this.drawing.layer, '{z}/{x}/{y}.png') : '';
  }

  private curl(): string {
    if (!this.drawing) return '';
    const url = pictureUrl(this.app.server.api.root, this.drawing.layer, 'preview.png', shapeOf(this.drawing.box, 1024));
    return `curl -o picture.png '${url}'`;
  }

  private async put(text: string, what: string): Promise<void> {
    this.say((await copy(text)) ? `${what} copied` : 'The browser does not allow copying');
  }

  private async save(): Promise<void> {
    const blob = await this.app.map.png();
    if (!blob) return this.say('The picture could not be saved');
    const url = URL.createObjectURL(blob);
    const name = this.app.scene?.keys.join('_').replace(/[^\w.-]+/g, '-') ?? 'map';
    h('a', { href: url, download: `${name}.png` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
    this.say('Picture saved');
  }

  private say(text: string): void {
    this.said.textContent = text;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => (this.said.textContent = ''), 2200);
  }
}
