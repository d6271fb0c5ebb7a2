// The states of a ruleset and the ways between them, laid out by dagre and drawn as SVG.
import dagre from "@dagrejs/dagre";

const SVG = "http://www.w3.org/2000/svg";

export function draw({ nodes, edges }, pane) {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "TB", nodesep: 22, ranksep: 46, marginx: 8, marginy: 8, ranker: "tight-tree" });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) {
    const lines = [node.name, ...node.more];
    graph.setNode(node.name, { width: Math.max(...lines.map((line) => line.length)) * 6.9 + 20, height: 15 * lines.length + 13, lines, kind: node.kind });
  }
  for (const edge of edges) {
    const label = edge.ways.length > 3 ? `${edge.ways.slice(0, 2).join(", ")} +${edge.ways.length - 2}` : edge.ways.join(", ");
    graph.setEdge(edge.from, edge.to, { label, full: edge.ways.join(", "), width: label.length * 5.6 + 8, height: 14, labelpos: "c" });
  }
  dagre.layout(graph);
  const { width, height } = graph.graph();
  const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", class: "diagram" });
  make("title", {}, svg).textContent = `${nodes.length} states and ${edges.length} ways between them`;
  const marker = make("marker", { id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" }, make("defs", {}, svg));
  make("path", { d: "M0 0 L8 4 L0 8 z", class: "diagram__tip" }, marker);
  for (const edge of graph.edges()) {
    const { points, label, full, x, y } = graph.edge(edge);
    const group = make("g", { class: "diagram__way" }, svg);
    make("title", {}, group).textContent = `${edge.v} to ${edge.w}: ${full}`;
    make("path", { d: curve(points), "marker-end": "url(#tip)" }, group);
    if (x !== undefined) make("text", { x, y: y + 4, "text-anchor": "middle" }, group).textContent = label;
  }
  for (const name of graph.nodes()) {
    const { x, y, width: w, height: h, lines, kind } = graph.node(name);
    const group = make("g", { class: `diagram__state diagram__state--${kind}` }, svg);
    make("rect", { x: x - w / 2, y: y - h / 2, width: w, height: h, rx: kind === "over" ? 14 : 5 }, group);
    lines.forEach((line, number) => {
      const text = make("text", { x, y: y - h / 2 + 18 + 15 * number, "text-anchor": "middle", class: number ? "diagram__more" : "" }, group);
      text.textContent = line;
    });
  }
  const key = document.createElement("p");
  key.className = "small quiet";
  key.textContent = "Dark: asks. Light: says. Amber: staff. Round: the talk is over. Lines below a name: what leads here from everywhere.";
  const table = document.createElement("details");
  table.innerHTML = "<summary>The same as a list</summary>";
  const list = document.createElement("ul");
  list.className = "small";
  for (const edge of edges) {
    const item = document.createElement("li");
    item.textContent = `${edge.from} → ${edge.to}: ${edge.ways.join(", ")}`;
    list.append(item);
  }
  table.append(list);
  const scroll = document.createElement("div");
  scroll.className = "scroll diagram__scroll";
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", "Diagram of the states");
  scroll.append(svg);
  pane.replaceChildren(key, scroll, table);
  scroll.scrollLeft = graph.node(nodes[0].name).x - scroll.clientWidth / 2; // where every talk begins
}

function make(tag, attributes, into) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (into) into.append(made);
  return made;
}

function curve(points) {
  const [first, ...rest] = points;
  let path = `M${first.x} ${first.y}`;
  for (let at = 0; at < rest.length - 1; at++) {
    const middle = { x: (rest[at].x + rest[at + 1].x) / 2, y: (rest[at].y + rest[at + 1].y) / 2 };
    path += ` Q${rest[at].x} ${rest[at].y} ${middle.x} ${middle.y}`;
  }
  const last = rest[rest.length - 1];
  return `${path} L${last.x} ${last.y}`;
}
