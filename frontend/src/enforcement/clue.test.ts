import { describe, expect, it } from 'vitest';
import type { LonLat } from '../api';
import { requestsOf } from '../onsite/requests';
import { away, type Clue, reportedOf } from './clue';

const corner: LonLat = [113.5901, 23.1102];
/** About 10 m by 10 m. */
const ring: LonLat[] = [corner, [113.5902, 23.1102], [113.5902, 23.1103], [113.5901, 23.1103], corner];
const clue: Clue = {
  layer: 'violation_case',
  title: '两违线索：某巷1号',
  kind: '违法建设',
  source: '网格',
  buildState: '在建',
  isNew: true,
  address: '某巷1号',
  remark: '',
  geometry: { type: 'Polygon', coordinates: [ring] },
  building: 'house',
  day: '2026-11-23',
  photos: [{ name: 'a.jpg', content: new ArrayBuffer(3) }],
};

describe('a clue', () => {
  it('is a case in its first state, its photographs behind it under one id', () => {
    const { id, drafts } = requestsOf(reportedOf(clue));
    const [insert, photo] = drafts;
    const { changes } = JSON.parse(String(insert?.body));
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({ op: 'insert', layer: 'violation_case', id });
    expect(changes[0].feature.properties).toMatchObject({
      state: '10',
      found_on: '2026-11-23',
      buildings: ['house'],
      remark: null,
    });
    expect(photo?.path).toContain(`violation_case/items/${id}/attachments`);
  });

  it('of whoever makes no case is a spot to be judged, with the area of its outline', () => {
    const { properties } = reportedOf({
      ...clue,
      layer: 'violation_spot',
      source: '群众举报',
      remark: '夜间施工',
    });
    expect(properties).toMatchObject({ source: '群众举报', judgement: '待核', remark: '某巷1号；夜间施工' });
    expect(properties.area_m2).toBeCloseTo(113.38, 0);
    expect(properties).not.toHaveProperty('state');
  });

  it('is as far away as its nearest corner', () => {
    expect(away(clue.geometry, corner)).toBe(0);
    expect(away(clue.geometry, [113.59, 23.1102])).toBeCloseTo(10.24, 1);
  });
});
