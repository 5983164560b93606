export interface Padding {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

/** The free part of the map between the panels, as padding in pixels for moves of the map. */
export function freePadding(): Padding {
  const stage = document.querySelector('.stage')?.getBoundingClientRect();
  const panels = [...document.querySelectorAll<HTMLElement>('[data-covers]')].map((panel) => ({
    side: panel.dataset.covers ?? '',
    box: panel.getBoundingClientRect(),
  }));
  return paddingOf(stage ?? new DOMRect(0, 0, window.innerWidth, window.innerHeight), panels);
}

type Box = Pick<DOMRect, 'left' | 'top' | 'right' | 'bottom' | 'width' | 'height'>;

/** Padding of a stage with panels over it. What spans most of the width is a sheet from below. */
export function paddingOf(stage: Box, panels: { side: string; box: Box }[]): Padding {
  const margin = stage.width < 760 ? 24 : 44;
  const gap = 20;
  const padding = { top: margin + 20, right: margin, bottom: margin, left: margin };
  for (const { side, box } of panels) {
    if (box.width === 0 || box.height === 0) continue;
    const covers = box.width > stage.width * 0.7 && side !== 'top' ? 'bottom' : side;
    if (covers === 'top') padding.top = Math.max(padding.top, box.bottom - stage.top + gap);
    if (covers === 'left') padding.left = Math.max(padding.left, box.right - stage.left + gap);
    if (covers === 'right') padding.right = Math.max(padding.right, stage.right - box.left + gap);
    if (covers === 'bottom') padding.bottom = Math.max(padding.bottom, stage.bottom - box.top + gap);
  }
  // Never so much that nothing is left to show something in.
  if (padding.left + padding.right > stage.width - 120) padding.left = padding.right = 24;
  if (padding.top + padding.bottom > stage.height - 120) {
    padding.top = 24;
    padding.bottom = Math.max(24, Math.min(padding.bottom, stage.height - 144));
  }
  return padding;
}
