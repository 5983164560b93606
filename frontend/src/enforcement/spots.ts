/** 图斑: what two images show as changed, judged one by one and made cases of. */
import { ulid } from 'ulid';
import type { Change, Item } from '../api';
import * as api from '../api';

export const SPOTS = 'violation_spot';
/** Spots that are listed at most. */
export const MOST = 5000;
/** Features of one request, and versions that are asked for at once. */
const PAGE = 1000;
const AT_ONCE = 8;

/** All spots, the newest period first. */
export async function allSpots(signal?: AbortSignal): Promise<{ items: Item[]; more: boolean }> {
  const items: Item[] = [];
  for (;;) {
    const page = await api.items(
      SPOTS,
      { limit: PAGE, offset: items.length, sortby: '-image_after_on' },
      signal,
    );
    items.push(...page.features);
    if (page.features.length < PAGE) return { items, more: false };
    if (items.length >= MOST) return { items, more: true };
  }
}

/** Spots as they are now, each with the version that its change names. */
async function current(ids: string[]) {
  const all: { item: Item; version: number }[] = [];
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const some = ids.slice(at, at + AT_ONCE);
    all.push(...(await Promise.all(some.map((id) => api.versioned(SPOTS, id)))));
  }
  return all;
}

const update = (id: string, version: number, properties: Record<string, unknown>): Change => ({
  op: 'update',
  layer: SPOTS,
  id,
  version,
  feature: { properties },
});

/** Judges one spot; answers the change set, so that it can be taken back. */
export async function judge(
  id: string,
  judgement: string,
  day: string,
  reason: string,
): Promise<number | null> {
  const { version } = await api.versioned(SPOTS, id);
  const done = await api.commit(
    [update(id, version, { judgement, judged_on: judgement === '待核' ? null : day })],
    reason,
    crypto.randomUUID(),
  );
  return done.change_set;
}

/** The clue that a spot becomes. */
export function clueOfSpot(item: Item, day: string, remark: string): Record<string, unknown> {
  const own = item.properties;
  const after = typeof own.image_after_on === 'string' ? own.image_after_on : day;
  return {
    kind: Number(own.farmland_m2 ?? 0) > 0 ? '违法用地' : '违法建设',
    state: '10',
    source: own.source ?? '卫片',
    is_new: true,
    found_on: day,
    spot_no: own.code,
    spot_year: Number(after.slice(0, 4)),
    land_area_m2: own.area_m2 ?? null,
    farmland_m2: own.farmland_m2 ?? null,
    remark,
  };
}

/** Makes a clue of each spot that has no case yet and says so at the spot, in one change set. */
export async function makeCases(
  ids: string[],
  day: string,
  reason: string,
  remark: (item: Item) => string,
): Promise<{ changeSet: number | null; made: number }> {
  const open = (await current(ids)).filter(({ item }) => !item.properties.violation_case);
  if (open.length === 0) return { changeSet: null, made: 0 };
  const changes = open.flatMap(({ item, version }): Change[] => {
    const id = ulid().toLowerCase();
    return [
      {
        op: 'insert',
        layer: 'violation_case',
        id,
        feature: { geometry: item.geometry, properties: clueOfSpot(item, day, remark(item)) },
      },
      update(String(item.id), version, { violation_case: id, judgement: '违法', judged_on: day }),
    ];
  });
  const done = await api.commit(changes, reason, crypto.randomUUID());
  return { changeSet: done.change_set, made: open.length };
}
