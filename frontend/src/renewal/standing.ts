/** How a contract stands on a day, in words and in colours: the server works it out, for every place that tells it. */
import type { Field } from '../api';
import type { ContractEntry } from '../api/contracts';
import { valueText } from '../inspector/values';
import { useLanguage } from '../language';
import { useLayers } from '../layers/store';

export type Soon = 'ended' | 'ahead' | '30' | '60' | '90' | 'later' | 'idle';

/** How an asset is painted: by how soon its contract ends. */
export const SOON: { key: Soon; color: string }[] = [
  { key: 'ended', color: '#8a96a3' },
  { key: '30', color: '#c92a2a' },
  { key: '60', color: '#e8590c' },
  { key: '90', color: '#f2b705' },
  { key: 'later', color: '#2a7f8e' },
  { key: 'ahead', color: '#5b8db8' },
  { key: 'idle', color: '#6b3fa0' },
];

const ENDED = ['已到期', '终止', '空置'];

export function soonOf({ state, days_left }: ContractEntry): Soon {
  if (ENDED.includes(state)) return 'ended';
  if (state === '未起租') return 'ahead';
  const within = ([30, 60, 90] as const).find((days) => days_left !== null && days_left <= days);
  return within ? (`${within}` as Soon) : 'later';
}

/** The states' names, and how long a contract runs yet. */
export function useStanding() {
  const layers = useLayers();
  const { t, pick } = useLanguage();
  const field = { code_list: 'contract_state' } as Field;
  const state = (own: ContractEntry) =>
    valueText(field, own.state, { t: t.value, pick, lists: layers.lists });
  return (own: ContractEntry) => {
    const words = t.value.renewal;
    const { days_left: left } = own;
    if (left === null) return state(own);
    return `${state(own)} · ${left < 0 ? words.endedDays(-left) : words.leftDays(left)}`;
  };
}
