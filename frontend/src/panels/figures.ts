import { computed } from 'vue';
import type { BehindPage, HouseList } from '../api';
import * as api from '../api';
import { useLanguage } from '../language';
import { useLayers } from '../layers/store';
import { usePanels } from './store';

/** A number of the panels: what it is called, counted in, and made of. */
export interface Figure {
  name: string;
  label: string;
  value: number | null | undefined;
  unit: string;
  decimals?: number;
  /** The layer whose list is what is counted. */
  list?: string;
  /** The houses that it is made of. */
  behind?: Behind;
  /** What it was on the same day of the year before. */
  before?: number | undefined;
}

/** Asks for a page of the houses that a number is made of, and says what those are counted in. */
export interface Behind {
  unit: string;
  ask: (page: BehindPage, signal: AbortSignal) => Promise<HouseList>;
}

/** A part of all people, with a bar. */
export interface Share {
  label: string;
  count: number;
  share: number;
  behind: Behind | undefined;
}

/** The figures of 总览 and 人屋: each from the one answer that makes it. */
export function useFigures() {
  const panels = usePanels();
  const layers = useLayers();
  const { t, pick } = useLanguage();

  const counts = computed(() => panels.counts);
  const past = computed(() => panels.before?.counts);
  const people = computed(() => counts.value?.people?.total ?? null);
  const km2 = computed(() => (counts.value?.area_m2 ?? 0) / 1e6);
  const title = (id: string) => pick(layers.byId.get(id)?.title) || id;
  const unit = (id: string) => pick(layers.byId.get(id)?.counter) || '';

  /** The houses behind a number of the statistics, by its path. */
  function inVillages(path: string, counted: string): Behind | undefined {
    // Who may not see people one by one is not told of single houses either.
    if (counts.value?.small_numbers && !path.startsWith('buildings.')) return undefined;
    const ids = panels.villages.map((village) => String(village.id));
    return {
      unit: counted,
      ask: (page, signal) =>
        api.housesBehind({ layer: 'village', ids, rule: 'representative_point' }, path, page, signal),
    };
  }
  /** The houses behind a number of visits and declarations. */
  const covered = (of: api.CoverageFigure): Behind => ({
    unit: unit('building'),
    ask: (page, signal) => api.coverageHouses({ of }, page, signal),
  });

  const ofLayer = (id: string): Figure => ({
    name: id,
    label: title(id),
    value: layers.byId.get(id)?.count,
    unit: unit(id),
    list: id,
  });
  const ofPeople = (
    name: string,
    label: string,
    path: string,
    now?: number | null,
    before?: number | null,
  ): Figure => ({
    name,
    label,
    value: now,
    unit: t.value.statistics.person,
    behind: inVillages(path, t.value.statistics.person),
    before: before ?? undefined,
  });
  const total = () =>
    ofPeople('people', t.value.statistics.people, 'people.total', people.value, past.value?.people?.total);
  const households = (): Figure => ({
    name: 'households',
    label: title('household'),
    value: counts.value?.households,
    unit: t.value.panels.householdUnit,
    behind: inVillages('households', t.value.panels.householdUnit),
  });
  const ofHouses = (name: string, label: string, path: string, value: number | undefined): Figure => ({
    name,
    label,
    value,
    unit: unit('building'),
    behind: inVillages(path, unit('building')),
  });
  const ofRooms = (name: string, label: string, path: string, value: number | undefined): Figure => ({
    name,
    label,
    value,
    unit: unit('room'),
    behind: inVillages(path, unit('room')),
  });
  const known = (figures: Figure[]) => figures.filter((figure) => figure.value !== undefined);

  const overview = computed<Figure[]>(() => {
    const of = counts.value;
    const words = t.value.panels;
    return known([
      ofLayer('village'),
      { name: 'area', label: words.area, value: km2.value, unit: words.km2, decimals: 2, list: 'village' },
      ofLayer('grid'),
      ofLayer('party_area'),
      ofLayer('co_op'),
      ofHouses('buildings', title('building'), 'buildings.count', of?.buildings?.count),
      ofRooms('rooms', title('room'), 'rooms.count', of?.rooms?.count),
      households(),
      total(),
      ...Object.entries(of?.people?.by_kind ?? {}).map(([kind, value]) =>
        ofPeople(`kind-${kind}`, kind, `people.by_kind.${kind}`, value, past.value?.people?.by_kind?.[kind]),
      ),
      {
        name: 'density',
        label: words.density,
        value: people.value !== null && km2.value > 0 ? people.value / km2.value : null,
        unit: words.perKm2,
        behind: inVillages('people.total', t.value.statistics.person),
      },
      ofLayer('place'),
    ]);
  });

  const dwelling = computed<Figure[]>(() => {
    const of = counts.value;
    if (!of) return [];
    const words = t.value.panels;
    const person = t.value.statistics.person;
    const each = (part: number | null | undefined, whole: number | null | undefined, scale = 1) =>
      typeof part === 'number' && whole ? (part / whole) * scale : null;
    const covers = panels.coverage?.total;
    const seen = covers?.elements.屋;
    return known([
      total(),
      households(),
      ofHouses('rental', t.value.statistics.rental, 'buildings.rental', of.buildings?.rental),
      ofRooms('let', t.value.statistics.roomsLet, 'rooms.let', of.rooms?.let),
      ofRooms('vacant', t.value.statistics.roomsVacant, 'rooms.vacant', of.rooms?.vacant),
      {
        name: 'per-house',
        label: words.perHouse,
        value: each(people.value, of.buildings?.count),
        unit: person,
        decimals: 2,
        behind: inVillages('people.total', person),
      },
      {
        name: 'per-household',
        label: words.perHousehold,
        value: each(people.value, of.households),
        unit: person,
        decimals: 2,
        behind: inVillages('households', words.householdUnit),
      },
      ofPeople(
        'unverified',
        t.value.statistics.unverified,
        'people.unverified',
        of.people?.unverified,
        past.value?.people?.unverified,
      ),
      ofPeople(
        'overdue',
        t.value.statistics.overdue,
        'people.overdue',
        of.people?.overdue,
        past.value?.people?.overdue,
      ),
      ofHouses(
        'without-head',
        words.withoutHead,
        'buildings.rental_without_head',
        of.buildings?.rental_without_head,
      ),
      {
        name: 'access-control',
        label: words.accessControl,
        value: each(of.buildings?.access_control, of.buildings?.count, 100),
        unit: '%',
        decimals: 1,
        behind: inVillages('buildings.access_control', unit('building')),
      },
      {
        name: 'seen',
        label: words.seenShare(panels.coverage?.unseen_days[0] ?? 0),
        value: seen ? each(seen[0], seen[1], 100) : undefined,
        unit: '%',
        decimals: 1,
        behind: covered('fresh'),
      },
      {
        name: 'declared',
        label: words.declared,
        value: covers?.rentals.declared,
        unit: unit('building'),
        behind: covered('declared'),
      },
    ]);
  });

  const shares = (rows: [label: string, path: string, count: number][]): Share[] =>
    rows.map(([label, path, count]) => ({
      label,
      count,
      share: people.value ? count / people.value : 0,
      behind: inVillages(path, t.value.statistics.person),
    }));
  const ages = computed(() =>
    shares(
      (counts.value?.people?.by_age ?? []).map(({ from, to, count }) => [
        t.value.statistics.age(from, to),
        `people.by_age.${from ?? ''}-${to ?? ''}`,
        count,
      ]),
    ),
  );
  const stays = computed(() =>
    shares(
      Object.entries(counts.value?.people?.by_stay ?? {}).map(([stay, count]) => [
        stay,
        `people.by_stay.${stay}`,
        count,
      ]),
    ),
  );

  return { people, overview, dwelling, ages, stays };
}
