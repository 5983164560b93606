/** Words of plans and their versions, in English. */
import type { plans as zh } from './plans.zh';
import type { Words } from './zh';

export const plans: Words<typeof zh> = {
  tab: 'Plans',
  compare: 'Versions of the plan',
  swipe: 'Swipe',
  bring: 'Import a plan',
  make: 'New version',
  version: 'Version',
  plots: 'Plots',
  before: 'Before',
  after: 'After',
  none: 'There is no other version: make one, then import its Shapefile, DXF or GeoPackage',
  place: 'Where',
  whole: 'The whole village',
  use: 'Use',
  hectares: 'ha',
  share: 'Share',
  change: 'Change',
  bare: 'Under no plot',
  twice: 'Less: plots that overlap',
  total: 'Total',
  sums: 'the rows add up to the ground',
  workbook: 'Table of land use',
  withUnits: 'Show renewal units',
  divider: 'Divider, moved by the arrow keys',
};
