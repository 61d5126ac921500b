// The map: camera, background, picture, footprints, the pin of the open popup.
import * as maplibregl from 'maplibre-gl';
import workerUrl from 'virtual:map-worker-url';
import type { Box, Dataset, View } from '../core/model.ts';
import type { Api } from '../server/api.ts';
import { addBackground, palettes, recolour } from './background.ts';
import { Footprints } from './footprints.ts';
import { Picture, type PictureEvents } from './picture.ts';

export interface MapEvents extends PictureEvents {
  moved: (view: View) => void; // by hand
  pointer: (place: [lon: number, lat: number] | null) => void;
  click: (place: [lon: number, lat: number]) => void;
  footprint: (dataset: Dataset | null, chosen: boolean) => void;
}

export class MapView {
  readonly map: maplibregl.Map;
  readonly ready: Promise<void>;
  picture!: Picture;
  footprints!: Footprints;
  private readonly events: MapEvents;
  private popup: maplibregl.Popup | null = null;

  constructor(container: HTMLElement, api: Api, view: View | null, dark: boolean, events: MapEvents) {
    maplibregl.setWorkerUrl(workerUrl);
    this.events = events;
    this.map = new maplibregl.Map({
      container, style: { version: 8, sources: {}, layers: [] }, attributionControl: false, maxZoom: 22,
      center: view ? [view.lon, view.lat] : [0, 20], zoom: view?.zoom ?? 1.2, dragRotate: false, pitchWithRotate: false, touchPitch: false,
      renderWorldCopies: true, fadeDuration: 0,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.getCanvas().setAttribute('aria-label', 'Map');
    this.ready = new Promise((resolve) => {
      this.map.on('load', () => {
        const palette = palettes[dark ? 'dark' : 'light'];
        addBackground(this.map, palette);
        this.footprints = new Footprints(this.map, palette);
        this.picture = new Picture(this.map, api, events);
        this.listen();
        events.moved(this.view);
        resolve();
      });
    });
  }

  setDark(dark: boolean): void {
    const palette = palettes[dark ? 'dark' : 'light'];
    recolour(this.map, palette);
    this.footprints.recolour(palette);
  }

  get view(): View {
    const { lng, lat } = this.map.getCenter();
    return { lon: lng, lat, zoom: this.map.getZoom() };
  }

  get box(): Box {
    const bounds = this.map.getBounds();
    return [Math.max(-180, bounds.getWest()), bounds.getSouth(), Math.min(180, bounds.getEast()), bounds.getNorth()];
  }

  // padding: what panels cover at each side, in pixels.
  fit(box: Box, padding: maplibregl.PaddingOptions, animate: boolean): void {
    const calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.map.fitBounds([[box[0], box[1]], [box[2], box[3]]], { padding, maxZoom: 17, animate: animate && !calm, duration: 600 });
  }

  jump({ lon, lat, zoom }: View): void {
    this.map.jumpTo({ center: [lon, lat], zoom });
  }

  zoomBy(step: number): void {
    this.map.easeTo({ zoom: this.map.getZoom() + step, duration: 200 });
  }

  openPopup(place: [number, number], content: HTMLElement, closed: () => void): void {
    this.closePopup();
    this.popup = new maplibregl.Popup({ closeButton: true, closeOnClick: false, maxWidth: '280px', offset: 14, focusAfterOpen: false })
      .setLngLat(place).setDOMContent(content).addTo(this.map);
    const marker = new maplibregl.Marker({ element: Object.assign(document.createElement('div'), { className: 'pin' }) }).setLngLat(place).addTo(this.map);
    this.popup.on('close', () => {
      marker.remove();
      closed();
    });
  }

  closePopup(): void {
    this.popup?.remove();
    this.popup = null;
  }

  // The map as it looks now.
  png(): Promise<Blob | null> {
    return new Promise((resolve) => {
      this.map.once('render', () => this.map.getCanvas().toBlob(resolve));
      this.map.triggerRepaint();
    });
  }

  private listen(): void {
    const { map, events } = this;
    map.on('moveend', () => events.moved(this.view));
    map.on('mousemove', (event) => {
      const found = this.footprints.under(event);
      map.getCanvas().style.cursor = found ? 'pointer' : 'crosshair';
      events.footprint(found, false);
      const { lng, lat } = event.lngLat.wrap();
      events.pointer([lng, lat]);
    });
    map.on('mouseout', () => {
      events.footprint(null, false);
      events.pointer(null);
    });
    map.on('click', (event) => {
      const found = this.footprints.under(event);
      const { lng, lat } = event.lngLat.wrap();
      if (found) events.footprint(found, true);
      else events.click([lng, lat]);
    });
  }
}
