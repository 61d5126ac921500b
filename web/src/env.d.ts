declare module 'virtual:map-worker-url' {
  const url: string;
  export default url;
}
declare module 'maplibre-gl-worker';

interface Window {
  // What tests hold on to: `ready` once the first picture is drawn, or that there is none.
  terrazzo: { ready: Promise<void>; map: import('maplibre-gl').Map };
}
