/**
 * Circles in a graph, each told once: for every group of nodes that reach each other, a shortest way round.
 * @param {Map<string, Map<string, unknown>>} edges from → to → anything
 * @returns {string[][]}
 */
export function findCycles(edges) {
  const told = new Set();
  const cycles = [];
  for (const start of edges.keys()) {
    if (told.has(start)) continue;
    const way = shortestRound(edges, start);
    if (!way) continue;
    for (const node of way) told.add(node);
    cycles.push(way);
  }
  return cycles;
}

/** Breadth first from `start` until it is met again. */
function shortestRound(edges, start) {
  const cameFrom = new Map();
  const queue = [start];
  for (const node of queue) {
    for (const next of edges.get(node)?.keys() ?? []) {
      if (next === start) {
        const way = [node];
        while (way[0] !== start) way.unshift(cameFrom.get(way[0]));
        return way;
      }
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, node);
      queue.push(next);
    }
  }
  return null;
}
