/** A map that does not draw for each tile where drawing is dear. */
import { Map as MapLibre, type MapOptions } from 'maplibre-gl';

/** A frame that takes this many milliseconds is drawn by the processor, which the tiles on their way need too. */
const DEAR = 40;
/** So long the reader waits for the next picture of a map that is loading. */
const PATIENCE = 800;
/** So long after a touch the map answers at once. */
const ATTENTION = 300;
const TOUCHES = ['pointerdown', 'touchstart', 'wheel', 'keydown'] as const;

/**
 * MapLibre draws the whole map anew when any tile has come. With a graphics card that is nothing; without, as in
 * a remote desktop, each such picture takes a quarter of a second from those who fetch and read the tiles. There
 * a map that stands still waits until all tiles are here, or the reader would grow impatient.
 */
export class PatientMap extends MapLibre {
  // Not initialised here: the constructor above this class draws already.
  declare private cost?: number;
  declare private asked?: boolean;
  declare private waiting?: ReturnType<typeof setTimeout> | undefined;
  declare private attentiveUntil?: number;

  constructor(options: MapOptions) {
    super(options);
    for (const touch of TOUCHES)
      this.getCanvasContainer().addEventListener(touch, () => this.attend(), {
        capture: true,
        passive: true,
      });
    this.on('movestart', () => this.attend());
    // Names that do not fade in are all placed in the frame that their tiles come with. MapLibre would place them
    // and draw everything once more, for maps that place some names a frame.
    this.on('render', () => {
      if (this._fadeDuration === 0 || !this._idleTriggered) this._placementDirty = false;
    });
    this.once('remove', () => clearTimeout(this.waiting));
  }

  override triggerRepaint(): void {
    if (this.mayWait()) {
      this.waiting ??= setTimeout(() => this.drawSoon(), PATIENCE);
    } else {
      this.drawSoon();
    }
  }

  private mayWait(): boolean {
    if ((this.cost ?? 0) < DEAR || this.isMoving()) return false;
    return performance.now() > (this.attentiveUntil ?? 0) && !this.areTilesLoaded();
  }

  /** The reader does something: what was put off is drawn now. */
  private attend(): void {
    this.attentiveUntil = performance.now() + ATTENTION;
    if (this.waiting !== undefined) this.drawSoon();
  }

  private drawSoon(): void {
    clearTimeout(this.waiting);
    this.waiting = undefined;
    if (!this.asked) {
      this.asked = true;
      requestAnimationFrame(() => {
        this.asked = false;
        const begun = performance.now();
        // The next task comes when the frame has been drawn and handed over.
        setTimeout(() => {
          this.cost = performance.now() - begun;
        });
      });
    }
    super.triggerRepaint();
  }
}
