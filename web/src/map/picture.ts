// The picture of the layer on the map. A new one is drawn beside the old one, which stays
// until the new one is complete; a tile that fails is hatched and keeps its reason.
import * as maplibregl from 'maplibre-gl';
import type { Box } from '../core/model.ts';
import { ServerGone, type Api } from '../server/api.ts';

export interface Wanted {
  url: string; // with {z}/{x}/{y}
  box: Box | null;
  crisp: boolean;
  tileSize: number; // of the pictures asked for, in pixels
}

interface Drawn extends Wanted {
  id: string;
  since: number;
  answered: number;
  failures: Map<string, string>; // "z/x/y" -> reason
}

export interface PictureEvents {
  busy: (busy: boolean) => void;
  settled: () => void; // a picture is complete
  refused: (reason: string) => void; // no tile of a picture could be drawn
}

const scheme = 'terrazzo';
const patience = 5000; // ms after which a picture that is not complete is shown as it is

export class Picture {
  private readonly map: maplibregl.Map;
  private readonly api: Api;
  private readonly events: PictureEvents;
  private shown: Drawn | null = null;
  private coming: Drawn | null = null;
  private next: Wanted | null = null;
  private opacity = 1;
  private serial = 0;
  private timer = 0;
  private hatch: Promise<ArrayBuffer> | null = null;

  constructor(map: maplibregl.Map, api: Api, events: PictureEvents) {
    this.map = map;
    this.api = api;
    this.events = events;
    maplibregl.addProtocol(scheme, (request, abort) => this.tile(request.url, abort));
    map.on('sourcedata', (event) => {
      const { coming } = this;
      if (!coming || event.sourceId !== coming.id || !map.getSource(coming.id)) return;
      if (map.isSourceLoaded(coming.id) && (coming.answered || Date.now() - coming.since > 400)) this.reveal();
    });
    map.on('idle', () => {
      if (this.coming) this.reveal();
      this.events.busy(false);
    });
  }

  // The same place drawn anew keeps the old picture below; elsewhere it goes at once.
  show(wanted: Wanted | null): void {
    if (!wanted) {
      this.next = null;
      for (const one of [this.coming, this.shown]) this.remove(one);
      this.coming = this.shown = null;
      return;
    }
    const same = (one: Wanted | null) => one?.url === wanted.url && one.tileSize === wanted.tileSize;
    if (same(this.coming) || (!this.coming && same(this.shown))) {
      this.next = null;
      return;
    }
    // While one is on its way the latest waits its turn, so that a drag is drawn live.
    if (this.coming && Date.now() - this.coming.since < 900 && this.coming.box === wanted.box) {
      this.next = wanted;
      return;
    }
    this.start(wanted);
  }

  // Asks for everything again: after the server was away.
  again(): void {
    const now = this.next ?? this.coming ?? this.shown;
    if (now) this.start(now);
  }

  setOpacity(opacity: number): void {
    this.opacity = opacity;
    if (this.shown) this.map.setPaintProperty(this.shown.id, 'raster-opacity', opacity);
  }

  // Why the tile at a place is hatched; null if it is not.
  failureAt(lon: number, lat: number): string | null {
    const { shown } = this;
    if (!shown?.failures.size) return null;
    for (const [name, reason] of [...shown.failures].reverse()) {
      const [z, x, y] = name.split('/').map(Number) as [number, number, number];
      const across = ((lon + 180) / 360) * 2 ** z;
      const down = ((1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2) * 2 ** z;
      if (Math.floor(across) === x && Math.floor(down) === y) return reason;
    }
    return null;
  }

  private start(wanted: Wanted): void {
    this.next = null;
    this.remove(this.coming);
    const id = `picture-${++this.serial}`;
    const drawn: Drawn = { ...wanted, id, since: Date.now(), answered: 0, failures: new Map() };
    const elsewhere = !!this.shown && overlap(this.shown.box, wanted.box) < 0.5;
    if (elsewhere) {
      this.remove(this.shown);
      this.shown = null;
    }
    this.coming = drawn;
    this.events.busy(true);
    this.map.addSource(id, {
      type: 'raster', tiles: [`${scheme}://${id}/${wanted.url}`], tileSize: 256, maxzoom: 22,
      ...(wanted.box ? { bounds: [...wanted.box] as [number, number, number, number] } : {}),
    });
    this.map.addLayer({
      id, source: id, type: 'raster',
      paint: { 'raster-opacity': this.shown ? 0 : this.opacity, 'raster-fade-duration': 0, 'raster-resampling': wanted.crisp ? 'nearest' : 'linear' },
    }, 'footprints-area');
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.reveal(), patience);
  }

  // A picture none of whose tiles could be made does not replace one that could.
  private reveal(): void {
    const { coming, shown } = this;
    if (!coming) return;
    clearTimeout(this.timer);
    this.coming = null;
    const failed = coming.answered > 0 && coming.failures.size === coming.answered;
    if (failed) this.events.refused(coming.failures.values().next().value ?? '');
    if (failed && shown) {
      this.remove(coming);
    } else {
      this.shown = coming;
      this.map.setPaintProperty(coming.id, 'raster-opacity', this.opacity);
      this.remove(shown);
      this.events.settled();
    }
    if (this.next) this.start(this.next);
  }

  private remove(drawn: Drawn | null): void {
    if (!drawn) return;
    if (this.map.getLayer(drawn.id)) this.map.removeLayer(drawn.id);
    if (this.map.getSource(drawn.id)) this.map.removeSource(drawn.id);
  }

  private async tile(address: string, abort: AbortController): Promise<{ data: ArrayBuffer }> {
    const [, id, url] = /^terrazzo:\/\/(picture-\d+)\/(.+)$/.exec(address) ?? [];
    const drawn = [this.coming, this.shown].find((one) => one?.id === id);
    this.events.busy(true);
    try {
      const response = await this.api.fetch(url!, abort.signal);
      const data = await response.arrayBuffer();
      if (drawn) drawn.answered++;
      return { data };
    } catch (error) {
      if (abort.signal.aborted) throw error;
      const name = /(\d+\/\d+\/\d+)\.png/.exec(url!)?.[1];
      if (drawn && !(error instanceof ServerGone && drawn === this.coming && this.shown)) drawn.answered++;
      if (drawn && name) drawn.failures.set(name, error instanceof Error ? error.message : String(error));
      this.hatch ??= hatched();
      return { data: (await this.hatch).slice(0) };
    }
  }
}

// The share of the smaller box that both have in common.
function overlap(a: Box | null, b: Box | null): number {
  if (!a || !b) return a === b ? 1 : 0;
  const common = Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0])) * Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  return common / Math.max(1e-12, Math.min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1])));
}

async function hatched(): Promise<ArrayBuffer> {
  const canvas = new OffscreenCanvas(256, 256);
  const context = canvas.getContext('2d')!;
  context.strokeStyle = 'rgba(125, 125, 125, 0.55)';
  context.lineWidth = 2;
  for (let from = -256; from < 256; from += 16) {
    context.moveTo(from, 256);
    context.lineTo(from + 256, 0);
  }
  context.stroke();
  return (await canvas.convertToBlob()).arrayBuffer();
}
