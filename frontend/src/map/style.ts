/** The server's style of the map, as one reader wants to see it. Drawing itself is decided by the server. */
import type { LayerSpecification, StyleSpecification } from 'maplibre-gl';

/** How a layer of the catalog is shown to this reader. */
export interface Look {
  visible: boolean;
  /** 0 to 1. */
  opacity: number;
}

/** The source of a catalog layer's tiles. */
export const sourceOf = (layer: string) => `layer:${layer}`;

/** The catalog layer that a style layer draws, or null for those of the page itself. */
export function catalogLayerOf(styleLayer: string): string | null {
  const match = /^layer:(.+):[a-z]+$/.exec(styleLayer);
  return match?.[1] ?? null;
}

/** The style layers of a catalog layer, from bottom to top. */
export const layersOf = (style: StyleSpecification, layer: string) =>
  style.layers.filter((spec) => catalogLayerOf(spec.id) === layer);

/** A style layer shown or hidden and as faint as the reader wants it. */
export function looked(spec: LayerSpecification, look: Look): LayerSpecification {
  const paint = Object.entries(spec.paint ?? {}).map(([name, value]) => [
    name,
    name.endsWith('opacity') && typeof value === 'number' ? value * look.opacity : value,
  ]);
  return {
    ...spec,
    layout: { ...spec.layout, visibility: look.visible ? 'visible' : 'none' },
    paint: Object.fromEntries(paint),
  } as LayerSpecification;
}
