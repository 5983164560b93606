/** MapLibre layers made from the catalog's style table. The only place where drawing is decided. */
import type {
  ExpressionSpecification,
  FilterSpecification,
  LayerSpecification,
  DataDrivenPropertyValueSpecification as Value,
} from 'maplibre-gl';
import type { CodeList, Layer } from '../api';
import { darken, inkOf } from './color';
import { LOCAL_FONTS, SHIPPED_FONT } from './fonts';
import { labelledOnce } from './labels';
import { codeColors, colorList } from './legend';

export const FONTS = [...LOCAL_FONTS, SHIPPED_FONT];
export const BOLD_FONTS = ['Microsoft YaHei Bold', 'Noto Sans CJK SC Bold', ...FONTS];

/** Paper, under everything. */
export const PAPER = '#f6f4ee';
const HALO = '#fffdf8';

/** The source of a catalog layer's tiles. */
export const sourceOf = (layer: string) => `layer:${layer}`;
/** The source of a catalog layer's label points, where it has its own. */
export const labelSourceOf = (layer: string) => `labels:${layer}`;

/** The catalog layer that a style layer draws, or null for those of the page itself. */
export function catalogLayerOf(styleLayer: string): string | null {
  const match = /^layer:(.+):(?:fill|outline|casing|line|circle|label)$/.exec(styleLayer);
  return match?.[1] ?? null;
}

/** Colour as an expression: by the code list where the catalog says so, else one colour. */
export function colorOf(
  layer: Layer,
  lists: Record<string, CodeList>,
  shade = (color: string) => color,
): Value<string> {
  const color = shade(layer.style?.color ?? '#5b7083');
  const list = colorList(layer, lists);
  if (!list || !layer.style?.color_by || list.codes.length === 0) return color;
  const pairs = [...codeColors(list)].flatMap(([code, value]) => [code, shade(value)]);
  return [
    'match',
    ['to-string', ['get', layer.style.color_by]],
    ...pairs,
    color,
  ] as unknown as ExpressionSpecification;
}

/** Features merged from afar have no borders of their own: they are rimmed in their colour. */
const rimmed = (color: Value<string>, outline: Value<string>) =>
  ['case', ['has', 'count'], color, outline] as unknown as ExpressionSpecification;

/** Metres of a pixel on screen at zoom 0 and the latitude of Guangzhou, for widths on the ground. */
const METRES_A_PIXEL = (40075016.686 * Math.cos((23.2 * Math.PI) / 180)) / 512;

/** Whether features of a layer say how wide they are on the ground. */
const hasWidth = (layer: Layer) =>
  layer.geometry === 'line' && layer.fields.some((field) => field.name === 'width_m');

/** Width in pixels: that on the ground where the layer holds one, else the catalog's, growing with the zoom. */
function widthOf(layer: Layer, more = 0): Value<number> {
  const base = layer.style?.width || 1.2;
  if (hasWidth(layer)) {
    const ground = (zoom: number, least: number): ExpressionSpecification => [
      '+',
      more,
      ['max', least, ['*', ['to-number', ['get', 'width_m'], 4], 2 ** zoom / METRES_A_PIXEL]],
    ];
    return ['interpolate', ['exponential', 2], ['zoom'], 12, ground(12, base * 0.6), 22, ground(22, base)];
  }
  return [
    'interpolate',
    ['linear'],
    ['zoom'],
    12,
    base * 0.55 + more,
    16,
    base + more,
    20,
    base * 1.7 + more,
  ];
}

/** Whether a name has room in its area at the zoom: about four pixels for each half of a character. */
function fits(text: ExpressionSpecification): FilterSpecification {
  const pixels: ExpressionSpecification = ['/', ['*', ['get', 'room_m'], ['^', 2, ['zoom']]], METRES_A_PIXEL];
  return ['>=', pixels, ['*', 4, ['length', text]]] as FilterSpecification;
}

/** The dashes of a layer. Neighbours that share a border would draw it twice, out of step: they get a whole line. */
export function dashOf(layer: Layer): number[] | undefined {
  return layer.partition && (layer.count ?? 2) > 1 ? undefined : layer.style?.dash;
}

const only = (kind: 'Polygon' | 'LineString' | 'Point'): FilterSpecification => [
  '==',
  ['geometry-type'],
  kind,
];

/** The style layers of one catalog layer, from bottom to top. `opacity` is the reader's, 0 to 1. */
export function styleLayers(
  layer: Layer,
  lists: Record<string, CodeList>,
  opacity = 1,
  visible = true,
): LayerSpecification[] {
  const style = layer.style;
  if (!style || layer.geometry === 'none') return [];
  const common = {
    source: sourceOf(layer.id),
    'source-layer': layer.id,
    minzoom: style.min_zoom ?? 0,
    layout: { visibility: visible ? ('visible' as const) : ('none' as const) },
  };
  const id = (part: string) => `layer:${layer.id}:${part}`;
  const color = colorOf(layer, lists);
  const outline = style.outline ?? colorOf(layer, lists, (shade) => darken(shade, 0.25));
  const dash = dashOf(layer);
  const any = layer.geometry === 'any';
  const layers: LayerSpecification[] = [];

  if (layer.geometry === 'polygon' || any) {
    const filter = any ? { filter: only('Polygon') } : {};
    const fill = style.fill_opacity ?? 0;
    if (fill > 0) {
      layers.push({
        ...common,
        ...filter,
        id: id('fill'),
        type: 'fill',
        paint: { 'fill-color': color, 'fill-opacity': fill * opacity, 'fill-antialias': false },
      });
    }
    if (style.width !== 0) {
      layers.push({
        ...common,
        ...filter,
        id: id('outline'),
        type: 'line',
        layout: { ...common.layout, 'line-join': 'round' },
        paint: {
          'line-color': fill > 0 ? rimmed(color, outline) : outline,
          'line-opacity': opacity,
          'line-width': widthOf(layer),
          ...(dash ? { 'line-dasharray': dash } : {}),
        },
      });
    }
  }

  if (layer.geometry === 'line' || any) {
    const filter = any ? { filter: only('LineString') } : {};
    const layout = {
      ...common.layout,
      'line-join': 'round' as const,
      'line-cap': dash ? ('butt' as const) : ('round' as const),
      // The wider road lies over the end of the narrower.
      ...(hasWidth(layer)
        ? { 'line-sort-key': ['to-number', ['get', 'width_m'], 0] as ExpressionSpecification }
        : {}),
    };
    if (style.outline && !dash) {
      layers.push({
        ...common,
        ...filter,
        id: id('casing'),
        type: 'line',
        layout,
        paint: { 'line-color': style.outline, 'line-opacity': opacity, 'line-width': widthOf(layer, 1.6) },
      });
    }
    layers.push({
      ...common,
      ...filter,
      id: id('line'),
      type: 'line',
      layout,
      paint: {
        'line-color': color,
        'line-opacity': opacity,
        'line-width': widthOf(layer),
        ...(dash ? { 'line-dasharray': dash } : {}),
      },
    });
  }

  if (layer.geometry === 'point' || any) {
    const radius = style.width || 4;
    layers.push({
      ...common,
      ...(any ? { filter: only('Point') } : {}),
      id: id('circle'),
      type: 'circle',
      paint: {
        'circle-color': color,
        'circle-opacity': opacity,
        'circle-stroke-color': style.outline ?? '#ffffff',
        'circle-stroke-opacity': opacity,
        'circle-stroke-width': ['interpolate', ['linear'], ['zoom'], 12, 0.5, 16, 1.2],
        'circle-radius': [
          'interpolate',
          ['linear'],
          ['zoom'],
          11,
          radius * 0.45,
          16,
          radius,
          20,
          radius * 1.6,
        ],
      },
    });
  }

  const label = labelLayer(layer, common, id('label'), opacity);
  if (label) layers.push(label);
  return layers;
}

/** The text of a label; of an address what follows the village's name, which every house there shares. */
function textOf(field: string): ExpressionSpecification {
  const text: ExpressionSpecification = ['to-string', ['coalesce', ['get', field], '']];
  if (field !== 'address' && field !== 'full') return text;
  const cut: ExpressionSpecification = ['index-of', '村', ['var', 'text']];
  const after: ExpressionSpecification = ['slice', ['var', 'text'], ['+', cut, 1]];
  return ['let', 'text', text, ['case', ['>', ['length', after], 0], after, ['var', 'text']]];
}

function labelLayer(
  layer: Layer,
  common: {
    source: string;
    'source-layer': string;
    layout: { visibility: 'visible' | 'none' };
  },
  id: string,
  opacity: number,
): LayerSpecification | null {
  const style = layer.style;
  const field = layer.label ?? layer.code;
  if (!style || style.label_zoom === undefined || !field) return null;
  const line = layer.geometry === 'line';
  const point = layer.geometry === 'point';
  const bold = layer.partition === true;
  const { 'source-layer': tileLayer, source, layout } = common;
  return {
    ...(labelledOnce(layer)
      ? { source: labelSourceOf(layer.id), filter: fits(textOf(field)) }
      : { source, 'source-layer': tileLayer }),
    id,
    type: 'symbol',
    // Plots of the base map are many and alike: their names wait until they are few on screen.
    minzoom:
      style.label_zoom +
      (layer.theme === 'base' && layer.geometry === 'polygon' && !labelledOnce(layer) ? 2 : 0),
    layout: {
      ...layout,
      'text-field': textOf(field),
      'text-font': bold ? BOLD_FONTS : FONTS,
      'text-size': bold
        ? ['interpolate', ['linear'], ['zoom'], 12, 11.5, 18, 15]
        : ['interpolate', ['linear'], ['zoom'], 14, 10.5, 19, 12.5],
      'text-max-width': 9,
      'text-padding': 3,
      'text-letter-spacing': bold ? 0.04 : 0,
      'symbol-placement': line ? 'line' : 'point',
      ...(line ? { 'symbol-spacing': 320, 'text-pitch-alignment': 'viewport' } : {}),
      // Where a village's name stands, that of the grid in its middle steps aside.
      ...(labelledOnce(layer)
        ? { 'text-variable-anchor': ['center', 'top', 'bottom'], 'text-radial-offset': 1.4 }
        : {}),
      ...(point
        ? { 'text-variable-anchor': ['top', 'bottom', 'right', 'left'], 'text-radial-offset': 0.7 }
        : {}),
    },
    paint: {
      'text-color': inkOf(style.color, style.outline),
      'text-halo-color': HALO,
      'text-halo-width': 1.4,
      'text-opacity': opacity,
    },
  };
}

/** Where a layer lies that the catalog gives no place: areas, then lines, then points. */
const PLACE: Record<Layer['geometry'], number> = { none: 0, polygon: 400, any: 500, line: 550, point: 700 };

/** All style layers from bottom to top, in the catalog's drawing order; every label above every shape. */
export function drawingOrder(
  layers: Layer[],
  lists: Record<string, CodeList>,
  look: (layer: Layer) => { opacity: number; visible: boolean },
): LayerSpecification[] {
  const place = (layer: Layer) => layer.style?.draw_order ?? PLACE[layer.geometry];
  const specs = [...layers]
    .sort((a, b) => place(a) - place(b))
    .flatMap((layer) => {
      const { opacity, visible } = look(layer);
      return styleLayers(layer, lists, opacity, visible);
    });
  return [
    ...specs.filter((spec) => spec.type !== 'symbol'),
    ...specs.filter((spec) => spec.type === 'symbol'),
  ];
}
