/**
 * Circles in a graph: for each knot of nodes that all reach each other, a shortest way round through its first node (by name),
 * with that node at both ends. Edges to nodes that are none are passed by; a node that leads to itself is a circle.
 */
export function circlesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const circles: string[][] = [];
  const known = new Set<string>();
  for (const start of [...graph.keys()].sort()) {
    if (known.has(start)) continue;
    const circle = wayBack(graph, start);
    if (!circle) continue;
    circles.push(circle);
    // One circle for each knot is enough to find it; what else is in the knot is not told again.
    const back = reach(reversed(graph), start);
    for (const node of reach(graph, start)) if (back.has(node)) known.add(node);
  }
  return circles;
}

/** A shortest way from a node to itself. */
function wayBack(graph: ReadonlyMap<string, readonly string[]>, start: string): string[] | undefined {
  const before = new Map<string, string>();
  const queue = [start];
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    for (const next of graph.get(node) ?? []) {
      if (next === start) {
        const way = [start];
        for (let at: string | undefined = node; at !== undefined && at !== start; at = before.get(at)) way.unshift(at);
        return [start, ...way];
      }
      if (!graph.has(next) || before.has(next)) continue;
      before.set(next, node);
      queue.push(next);
    }
  }
  return undefined;
}

function reach(graph: ReadonlyMap<string, readonly string[]>, start: string): Set<string> {
  const reached = new Set([start]);
  for (const node of reached) for (const next of graph.get(node) ?? []) reached.add(next);
  return reached;
}

function reversed(graph: ReadonlyMap<string, readonly string[]>): Map<string, string[]> {
  const back = new Map<string, string[]>([...graph.keys()].map((node) => [node, []]));
  for (const [node, nexts] of graph) for (const next of nexts) back.get(next)?.push(node);
  return back;
}
