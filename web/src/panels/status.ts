// The line under the map: where the pointer is and what is there; and the popup of a click.
import type { App } from '../app.ts';
import { figure, place } from '../core/numbers.ts';
import { ApiError } from '../server/api.ts';
import { readingsAt, type Readings } from '../values.ts';
import { debounce, h, replace } from '../widgets/dom.ts';

export class StatusLine {
  readonly element: HTMLElement;
  private readonly app: App;
  private readonly where = h('span', { class: 'where', testid: 'status-place' });
  private readonly what = h('span', { class: 'what', testid: 'status-value' });
  private readonly zoom = h('span', { class: 'zoom', testid: 'status-zoom' });
  private asking: AbortController | null = null;
  private readonly ask: (lon: number, lat: number) => void;

  constructor(app: App) {
    this.app = app;
    this.ask = debounce(70, (lon: number, lat: number) => void this.read(lon, lat));
    this.element = h('div', { class: 'status', testid: 'status' }, this.what, this.where, this.zoom,
      h('a', { href: './assets/licenses.txt', target: '_blank', rel: 'noopener', title: 'Map by MapLibre, background by Natural Earth: licences' }, 'MapLibre'));
  }

  pointer(at: [lon: number, lat: number] | null): void {
    this.asking?.abort();
    this.where.textContent = at ? place(at[0], at[1]) : '';
    if (!at) {
      this.what.textContent = '';
      this.asking = null;
      return;
    }
    this.ask(...at);
  }

  moved(): void {
    this.zoom.textContent = `z ${this.app.map.view.zoom.toFixed(1)}`;
  }

  private async read(lon: number, lat: number): Promise<void> {
    const { scene, store } = this.app;
    const box = scene?.dataset.bounds;
    const inside = !!box && lon >= box[0] && lon <= box[2] && lat >= box[1] && lat <= box[3];
    if (!scene || !inside || !this.where.textContent) {
      this.what.textContent = '';
      return;
    }
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    try {
      const { rows } = await readingsAt(this.app, store.state, scene, lon, lat, asking.signal);
      if (this.asking !== asking) return;
      replace(this.what, ...rows.slice(0, 4).flatMap(({ name, text }) => [h('span', { class: 'name' }, name), h('b', {}, text)]));
    } catch {
      if (this.asking === asking) this.what.textContent = '';
    }
  }
}

// The popup at a place, filled once the values are there.
export function openValues(app: App, lon: number, lat: number): void {
  const { scene, store, map } = app;
  if (!scene) return;
  const rows = h('dl', { class: 'reading-list waiting', testid: 'popup-values' }, h('dt', {}, '\u00a0'), h('dd', {}, '\u00a0'));
  const native = h('p', { class: 'native', testid: 'popup-native' });
  const reason = map.picture.failureAt(lon, lat);
  const content = h('div', { class: 'readings', testid: 'popup' },
    reason ? h('p', { class: 'error', testid: 'popup-error' }, `This tile could not be drawn: ${reason}`) : null,
    rows, h('p', { class: 'place', testid: 'popup-place' }, place(lon, lat, 5)), native);
  map.openPopup([lon, lat], content, () => undefined);
  const fill = ({ rows: list, native: own }: Readings) => {
    rows.classList.remove('waiting');
    replace(rows, ...list.flatMap(({ name, text, result }) => [h('dt', { class: result ? 'result' : '' }, name), h('dd', { class: result ? 'result' : '' }, text)]));
    native.textContent = own ? `${figure(own.x, 9)}, ${figure(own.y, 9)} · ${own.crs}` : '';
  };
  readingsAt(app, store.state, scene, lon, lat).then(fill, (error: unknown) => {
    rows.classList.remove('waiting');
    replace(rows, h('dd', { class: 'error' }, error instanceof ApiError ? error.message : 'The values could not be read'));
  });
}
