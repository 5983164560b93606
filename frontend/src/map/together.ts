import type { StyleSpecification } from 'maplibre-gl';
import type { Catalog } from '../api';
import * as api from '../api';
import { Stage } from './stage';

/** Maps beside or over one another that show the same place: whichever is moved, the others follow. */
export class Together {
  private readonly maps: Stage[] = [];
  private leading = false;

  constructor(private readonly catalog: Catalog) {}

  /** Draws a map of some layers into a frame, in place of the one that stood `at` there, where the others are. */
  put(at: number, frame: HTMLElement, style: StyleSpecification, shown: Set<string>, label: string): Stage {
    const view = (this.maps[at] ?? this.maps.find((map) => map))?.view();
    this.maps[at]?.remove();
    const made = new Stage(
      frame,
      this.catalog,
      style,
      {
        look: (layer) => ({ visible: shown.has(layer.id), opacity: 1 }),
        tiles: api.tilesAt,
        padding: () => ({ top: 24, right: 24, bottom: 24, left: 24 }),
      },
      view,
      {
        inspect: () => {},
        pointer: () => {},
        view: () => this.follow(at),
        failed: () => {},
        recovered: () => {},
      },
    );
    made.inspecting = false;
    made.setLabel(label);
    this.maps[at] = made;
    return made;
  }

  remove(): void {
    for (const map of this.maps.splice(0)) map?.remove();
  }

  private follow(at: number): void {
    const lead = this.maps[at];
    if (this.leading || !lead) return;
    this.leading = true;
    const { zoom, center } = lead.view();
    for (const [other, map] of this.maps.entries()) if (other !== at) map?.map.jumpTo({ zoom, center });
    this.leading = false;
  }
}
