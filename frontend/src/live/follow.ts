import { onBeforeUnmount, onMounted, watch } from 'vue';
import { useAccess } from '../editing/access';
import { EVENTS, useDesk } from '../events/desk';
import { useInspector } from '../inspector/store';
import { useLayers } from '../layers/store';
import { useListed } from '../panels/listed';
import { usePanels } from '../panels/store';
import { useHouse } from '../people/house';
import { usePrinting } from '../printing/store';
import { useSession } from '../session/store';
import { useShell } from '../shell/store';
import { useStatistics } from '../statistics/store';
import { useTable } from '../table/store';
import { type Changed, touches, useLive } from './store';

/** Keeps what is open in step with the server: layers' counts, the inspector, the table, the statistics. */
export function useFollowing(): void {
  const access = useAccess();
  const live = useLive();
  const layers = useLayers();
  const inspector = useInspector();
  const table = useTable();
  const statistics = useStatistics();
  const printing = usePrinting();
  const shell = useShell();
  const house = useHouse();
  const panels = usePanels();
  const listed = useListed();
  const desk = useDesk();
  const session = useSession();

  function changed(now: Changed): void {
    void layers.recount();
    if (now.everything) void session.check();
    const { chosen, point } = inspector;
    if ((chosen && touches(now, chosen.layer, chosen.id)) || (!chosen && point)) void inspector.reread();
    if (shell.tableOpen && table.layerId && touches(now, table.layerId)) void table.reload();
    if (shell.deskOpen && touches(now, EVENTS)) void desk.reload();
    if (shell.side === 'inspector') house.changed(now.layers, now.everything);
    if (listed.isOpen) void listed.reload();
    if (shell.side === 'panels') void panels.recount();
    if (shell.side === 'statistics') void statistics.recount();
    if (shell.side === 'printing') printing.reread();
  }

  let forget = () => {};
  onMounted(() => {
    forget = live.onChanged(changed);
  });
  onBeforeUnmount(() => {
    forget();
    live.stop();
  });
  // What changed between the catalog's answer and the stream's beginning comes with the stream.
  watch([() => layers.status, () => access.records], ([status, records]) => {
    if (status === 'ready' && records) live.follow(layers.catalog?.project.sequence ?? 0);
  });
}
