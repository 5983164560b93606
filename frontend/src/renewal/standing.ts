/** How a contract stands on a day, in words and in colours: the server works it out, for every place that tells it. */
import type { Field } from '../api';
import type { ContractEntry } from '../api/contracts';
import { valueText } from '../inspector/values';
import { useLanguage } from '../language';
import { useLayers } from '../layers/store';

/** How soon a contract ends, by the days ahead that the ledger looks at; or what else is to be seen of an asset. */
export type Soon = 'ended' | 'ahead' | 'later' | 'idle' | number;

/** The nearer the end the warmer. */
const NEARING = ['#c92a2a', '#e8590c', '#f2b705'];

/** How an asset is painted: by how soon its contract ends. */
export const shadesOf = (ahead: number[]): { key: Soon; color: string }[] => [
  { key: 'ended', color: '#8a96a3' },
  ...ahead.map((key, at) => ({ key, color: NEARING[at] ?? '#f2b705' })),
  { key: 'later', color: '#2a7f8e' },
  { key: 'ahead', color: '#5b8db8' },
  { key: 'idle', color: '#6b3fa0' },
];

export function soonOf({ course, ends_within: within }: ContractEntry): Soon {
  if (course === 'over') return 'ended';
  return course === 'ahead' ? 'ahead' : (within ?? 'later');
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
