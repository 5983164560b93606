import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useEventFigures } from './figures';

/** Questions on their way: each is answered, with its own address, when the test says so. */
describe('the figures of the events', () => {
  let asked: { path: string; answer: () => Promise<void> }[] = [];
  beforeEach(() => {
    setActivePinia(createPinia());
    asked = [];
    vi.stubGlobal(
      'fetch',
      (address: string) =>
        new Promise<Response>((resolve) => {
          const path = address.replace(/^.*\/events/, 'events');
          const answer = async () => {
            resolve(Response.json({ of: path, matched: 0, rows: [] }));
            await new Promise((done) => setTimeout(done));
          };
          asked.push({ path, answer });
        }),
    );
  });
  afterEach(() => vi.unstubAllGlobals());
  const question = (path: string) => asked.find((one) => one.path.startsWith(path));

  it('are those of the days that are asked, also where the answer for other days comes last', async () => {
    const figures = useEventFigures();
    figures.asked.from = '2023-01-01';
    void figures.load();
    figures.asked.to = '2023-06-30';
    void figures.load();
    const [first, second] = asked;
    await second?.answer();
    await first?.answer();
    expect(figures.totals).toMatchObject({ of: 'events/totals?by=type&from=2023-01-01&to=2023-06-30' });
  });

  it('have no list behind them that was put away before it came', async () => {
    const figures = useEventFigures();
    void figures.drill('open');
    figures.close();
    await question('events?')?.answer();
    expect(figures.drilled).toBeNull();
  });

  it('have their list asked anew with them', async () => {
    const figures = useEventFigures();
    void figures.drill('open');
    await question('events?')?.answer();
    expect(figures.drilled?.figure).toBe('open');
    asked = [];
    void figures.load(true);
    expect(asked.map((one) => one.path)).toEqual(['events/totals?by=type', 'events?limit=200&figure=open']);
  });
});
