// The page: builds the parts and carries changes between state, server, map and panels.
import type { App } from './app.ts';
import { FormulaError } from './core/expression.ts';
import { pictureUrl } from './core/layer.ts';
import { sameKeys, type Box, type Dataset, type Keys, type SearchAnswer, type State } from './core/model.ts';
import { Store } from './core/store.ts';
import { decodeState, encodeState } from './core/url.ts';
import { drawingOf } from './drawing.ts';
import { MapView } from './map/view.ts';
import { LayerPanel } from './panels/layer.ts';
import { emptyCatalogue, GoneBar } from './panels/notice.ts';
import { ResultsPanel } from './panels/results.ts';
import { SearchPanel } from './panels/search.ts';
import { openValues, StatusLine } from './panels/status.ts';
import { Frame } from './frame.ts';
import { loadScene, type Scene } from './scene.ts';
import { Api, ServerGone } from './server/api.ts';
import { Server } from './server/server.ts';
import { ThemeSwitch } from './theme.ts';
import { debounce } from './widgets/dom.ts';

const searchFields = ['text', 'filters', 'page', 'sort', 'inView'] as const;
const pictureFields = ['tab', 'band', 'rgb', 'formula', 'hidden'] as const;
const differ = (a: State, b: State, fields: readonly (keyof State)[]) => fields.some((field) => a[field] !== b[field]);

export class Explorer {
  readonly app: App;
  readonly ready: Promise<void>;
  private readonly store: Store;
  private readonly server: Server;
  private readonly map: MapView;
  private readonly frame: Frame;
  private readonly search: SearchPanel;
  private readonly results: ResultsPanel;
  private readonly layer: LayerPanel;
  private readonly status: StatusLine;
  private readonly gone: GoneBar;
  private readonly placed: boolean; // the address said where to look
  private markReady: () => void = () => undefined;
  private drawnKeys: Keys | null = null;
  private searching: AbortController | null = null;
  private finding: Promise<unknown> = Promise.resolve();
  private turn = 0; // of the datasets shown
  private drawing = 0;

  constructor(root: HTMLElement, base: string) {
    this.ready = new Promise((resolve) => (this.markReady = resolve));
    this.store = new Store(decodeState(location.hash));
    this.placed = !!this.store.state.view;
    const api = new Api(base, (answers) => !answers && this.gone.away());
    this.server = new Server(api);
    this.gone = new GoneBar(() => this.probe());
    const theme = new ThemeSwitch((dark) => void this.map?.ready.then(() => this.map.setDark(dark)));
    this.frame = new Frame(root, theme.element, this.gone.element);
    this.map = new MapView(this.frame.map, api, this.store.state.view, theme.dark, {
      busy: (busy) => this.layer.busy(busy),
      settled: () => this.markReady(),
      refused: (reason) => this.layer.complain(reason),
      moved: () => this.moved(),
      pointer: (at) => this.status.pointer(at),
      click: ([lon, lat]) => openValues(this.app, lon, lat),
      footprint: (dataset, chosen) => (dataset && chosen ? this.show(dataset.keys) : this.hover(dataset)),
    });
    this.app = {
      store: this.store, server: this.server, map: this.map, scene: null, ramps: {},
      calm: Promise.race([this.ready, new Promise<void>((resolve) => setTimeout(resolve, 2500))]),
      show: (keys, how) => void this.show(keys, how), hover: (dataset) => this.hover(dataset), fit: (animate) => this.fit(animate),
    };
    this.search = new SearchPanel(this.app, () => void this.finding.then(() => this.results.focus()));
    this.results = new ResultsPanel(this.app);
    this.layer = new LayerPanel(this.app);
    this.status = new StatusLine(this.app);
    this.frame.fill(this.search.element, this.results.element, this.layer.element, this.status.element);
    this.frame.controls({ zoom: (step) => this.map.zoomBy(step), home: () => this.fit(true) });
    this.listen();
    this.update();
    void this.open();
  }

  private listen(): void {
    const write = debounce(150, () => history.replaceState(null, '', `#${encodeState(this.store.state)}`));
    const draw = debounce(30, () => void this.draw());
    this.store.subscribe((state, before) => {
      write();
      if (differ(state, before, searchFields)) void this.find();
      if (differ(state, before, pictureFields)) draw();
      if (state.opacity !== before.opacity) this.map.picture?.setOpacity(state.opacity);
      if (differ(state, before, [...searchFields, ...pictureFields, 'shown', 'opacity'])) this.update();
    });
    window.addEventListener('hashchange', () => this.travel());
    document.addEventListener('keydown', (event) => this.key(event));
  }

  private update(): void {
    const { state } = this.store;
    this.search.update(state);
    this.results.update(state);
    this.layer.update(state);
  }

  private async open(): Promise<void> {
    try {
      await this.server.open();
    } catch (error) {
      // The bar is up where the server is away; anything else is said in its place.
      if (!(error instanceof ServerGone)) this.layer.complain(error instanceof Error ? error.message : String(error));
      return;
    }
    this.update();
    const found = this.find();
    void found.then(() => this.server.ramps()).then((ramps) => {
      this.app.ramps = ramps;
      this.update();
    }, () => undefined);
    const { shown } = this.store.state;
    const first = shown?.length === this.server.names.length ? shown : await found.then((answer) => this.server.newest(answer)).catch(() => null);
    if (first) await this.show(first, { fit: !this.placed, first: !shown });
    else this.markReady();
  }

  // The answer if it is to the whole catalogue, newest first.
  private find(): Promise<SearchAnswer | null> {
    const finding = this.findNow();
    this.finding = finding;
    return finding;
  }

  private async findNow(): Promise<SearchAnswer | null> {
    const { state } = this.store;
    if (!this.server.names.length) return null;
    this.searching?.abort();
    const searching = new AbortController();
    this.searching = searching;
    try {
      if (state.inView) await this.map.ready;
      const answer = await this.server.search(state, state.inView ? this.map.box : null, searching.signal);
      if (this.searching !== searching) return null;
      this.search.found(answer);
      this.results.found(answer, this.store.state);
      void this.map.ready.then(() => this.searching === searching && this.map.footprints.list(answer.datasets));
      const unfiltered = !state.text && !Object.keys(state.filters).length && !state.inView;
      this.frame.setEmpty(answer.total === 0 && unfiltered ? emptyCatalogue() : null);
      if (answer.total === 0 && unfiltered) this.markReady();
      return unfiltered && state.sort === 'newest' && state.page === 0 ? answer : null;
    } catch (error) {
      if (!(error instanceof DOMException) && !(error instanceof ServerGone)) this.results.failed(error instanceof Error ? error.message : String(error));
      return null;
    }
  }

  private async show(keys: Keys, { fit = true, first = false } = {}): Promise<void> {
    const turn = ++this.turn;
    const { state } = this.store;
    const other = keys.at(-1) !== state.shown?.at(-1);
    const forget = !!state.shown && !sameKeys(keys, state.shown);
    this.store.update({
      shown: [...keys],
      ...(forget && other ? { band: { ...state.band, stretch: null } } : {}),
      ...(forget ? { formula: { ...state.formula, stretch: null }, rgb: { ...state.rgb, stretches: [null, null, null] } } : {}),
    });
    this.layer.busy(true);
    try {
      const scene = await loadScene(this.server, keys);
      await this.map.ready;
      if (turn !== this.turn) return;
      this.app.scene = scene;
      this.map.closePopup();
      this.map.footprints.show(scene.dataset);
      if (fit && scene.dataset.bounds && (first || this.away(scene.dataset.bounds))) this.fit(!first);
      if (forget || first) this.suit(scene);
      this.update();
      await this.draw();
    } catch (error) {
      if (turn !== this.turn) return;
      this.layer.busy(false);
      this.layer.complain(error instanceof Error ? error.message : String(error));
      this.markReady();
    }
  }

  // A tab that has something to show for this dataset.
  private suit({ classes, bands }: Scene): void {
    const { tab } = this.store.state;
    if (classes.length && (tab === 'band' || bands.length < 3)) this.store.update({ tab: 'classes', hidden: [] });
    else if ((tab === 'classes' && !classes.length) || (tab !== 'band' && bands.length < 2 && !classes.length)) this.store.update({ tab: 'band' });
  }

  private async draw(): Promise<void> {
    const { scene } = this.app;
    if (!scene) return;
    const turn = ++this.drawing;
    try {
      const drawing = await drawingOf(this.store.state, scene, this.server);
      if (turn !== this.drawing) return;
      const tileSize = window.devicePixelRatio > 1.4 ? 512 : 256;
      const url = pictureUrl(this.server.api.root, drawing.layer, '{z}/{x}/{y}.png', tileSize === 512 ? [512, 512] : undefined);
      this.drawnKeys = scene.keys;
      this.layer.drawn(drawing);
      this.map.picture.setOpacity(this.store.state.opacity);
      this.map.picture.show({ url, box: drawing.box, crisp: drawing.crisp, tileSize });
    } catch (error) {
      if (turn !== this.drawing) return;
      if (!sameKeys(this.drawnKeys, scene.keys)) this.map.picture.show(null);
      this.layer.busy(false);
      const known = error instanceof FormulaError || error instanceof Error;
      this.layer.complain(known ? error.message : String(error));
      this.markReady();
    }
  }

  private hover(dataset: Dataset | null): void {
    this.map.footprints?.hover(dataset);
    this.results.hover(dataset);
  }

  private fit(animate: boolean): void {
    const box = this.app.scene?.dataset.bounds;
    if (box) this.map.fit(box, this.frame.padding(), animate);
  }

  // Whether a dataset would be out of sight, or a speck.
  private away(box: Box): boolean {
    const [west, south, east, north] = this.map.box;
    const inside = Math.max(0, Math.min(east, box[2]) - Math.max(west, box[0])) * Math.max(0, Math.min(north, box[3]) - Math.max(south, box[1]));
    const own = (box[2] - box[0]) * (box[3] - box[1]);
    const view = (east - west) * (north - south);
    return inside < 0.35 * Math.min(own, view) || own < 0.01 * view;
  }

  private moved(): void {
    this.status.moved();
    this.store.update({ view: this.map.view });
    if (this.store.state.inView) this.findInView();
  }

  private readonly findInView = debounce(250, () => void this.find());

  // A link pasted over the page.
  private travel(): void {
    if (location.hash.slice(1) === encodeState(this.store.state)) return;
    const next = decodeState(location.hash);
    const shown = next.shown ?? this.store.state.shown;
    this.store.update({ ...next, shown });
    if (next.view) this.map.jump(next.view);
    if (shown && !sameKeys(shown, this.app.scene?.keys ?? null)) void this.show(shown, { fit: !next.view });
  }

  private async probe(): Promise<boolean> {
    try {
      await this.server.api.json('keys');
    } catch {
      return false;
    }
    const first = !this.server.names.length;
    this.server.forget();
    if (first || !this.app.scene) {
      await this.open();
    } else {
      void this.find();
      this.map.picture.again();
    }
    return true;
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as HTMLElement;
    const typing = target.matches('textarea, select, input:not([type=checkbox]):not([type=range])');
    if (typing || event.defaultPrevented) return;
    if (event.key === '/') {
      this.frame.openSheet('search');
      this.search.box.focus();
    } else if (event.key === '+' || event.key === '=') this.map.zoomBy(1);
    else if (event.key === '-') this.map.zoomBy(-1);
    else if (event.key === 'Escape') this.map.closePopup();
    else return;
    if (target.tagName === 'CANVAS' && event.key !== '/') return;
    event.preventDefault();
  }
}
