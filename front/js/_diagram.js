// The states of a ruleset and the ways between them, laid out by dagre and drawn as SVG.
import dagre from "@dagrejs/dagre";

const SVG = "http://www.w3.org/2000/svg";

export function draw({ nodes, edges }, pane) {
  const upright = laid("TB", nodes, edges);
  const lying = laid("LR", nodes, edges);
  // Whichever can be shown larger in the pane's width.
  const { graph, apart, width, height } = upright.width <= lying.width ? upright : lying;
  const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", class: "diagram" });
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
  for (const { x, y, width: w, height: h, lines, kind } of [...graph.nodes().map((name) => graph.node(name)), ...apart]) {
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
  pane.replaceChildren(sizes(svg, scroll), key, scroll, table);
  fit(svg, scroll);
  new ResizeObserver(() => fit(svg, scroll)).observe(scroll);
}

const MARGIN = 8;
const GAP = 22;

// The graph laid out downwards (TB) or to the right (LR), and below it in rows the states to which no way of their own leads: what
// leads there from everywhere stands in them as words.
function laid(rankdir, nodes, edges) {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir, nodesep: GAP, ranksep: rankdir === "TB" ? 46 : 30, marginx: MARGIN, marginy: MARGIN, ranker: "tight-tree" });
  graph.setDefaultEdgeLabel(() => ({}));
  const linked = new Set(edges.flatMap((edge) => [edge.from, edge.to]));
  const boxes = nodes.map((node) => {
    const lines = [node.name, ...node.more];
    return { name: node.name, width: Math.max(...lines.map((line) => line.length)) * 6.9 + 20, height: 15 * lines.length + 13, lines, kind: node.kind };
  });
  for (const box of boxes) if (linked.has(box.name)) graph.setNode(box.name, box);
  for (const edge of edges) {
    const label = edge.ways.length > 3 ? `${edge.ways.slice(0, 2).join(", ")} +${edge.ways.length - 2}` : edge.ways.join(", ");
    graph.setEdge(edge.from, edge.to, { label, full: edge.ways.join(", "), width: label.length * 5.6 + 8, height: 14, labelpos: "c" });
  }
  dagre.layout(graph);
  const { width, height } = graph.graph();
  const apart = boxes.filter((box) => !linked.has(box.name));
  let [left, top, row] = [MARGIN, height + GAP, 0];
  for (const box of apart) {
    if (left > MARGIN && left + box.width > width - MARGIN) [left, top, row] = [MARGIN, top + row + GAP, 0];
    [box.x, box.y] = [left + box.width / 2, top + box.height / 2];
    left += box.width + GAP;
    row = Math.max(row, box.height);
  }
  return { graph, apart, width: Math.max(width, ...apart.map((box) => box.x + box.width / 2 + MARGIN)), height: apart.length ? top + row + MARGIN : height };
}

let chosen = "width"; // or "whole", or a scale
const LARGEST = 2;
const SMALLEST = 0.15;
const STEP = 1.4;

// As wide as the pane, all of it at once, or the size that was chosen; never larger by itself than it was drawn.
function fit(svg, scroll) {
  const { width, height } = svg.viewBox.baseVal;
  const wide = Math.min(1, scroll.clientWidth / width);
  const scale = chosen === "width" ? wide : chosen === "whole" ? Math.min(wide, (0.7 * window.innerHeight) / height) : chosen;
  svg.style.width = `${width * scale}px`;
  svg.style.height = `${height * scale}px`;
}

// Buttons for its size. What was in the middle stays there.
function sizes(svg, scroll) {
  const bar = document.createElement("p");
  bar.className = "diagram__sizes";
  const now = () => svg.clientWidth / svg.viewBox.baseVal.width;
  const choices = [
    ["As wide as here", () => "width"],
    ["All at once", () => "whole"],
    ["Larger", () => Math.min(LARGEST, now() * STEP)],
    ["Smaller", () => Math.max(SMALLEST, now() / STEP)],
  ];
  for (const [words, choose] of choices) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "nhsuk-button nhsuk-button--secondary nhsuk-button--small";
    button.textContent = words;
    button.addEventListener("click", () => {
      const across = (scroll.scrollLeft + scroll.clientWidth / 2) / svg.clientWidth;
      const down = (scroll.scrollTop + scroll.clientHeight / 2) / svg.clientHeight;
      chosen = choose();
      fit(svg, scroll);
      scroll.scrollTo(across * svg.clientWidth - scroll.clientWidth / 2, down * svg.clientHeight - scroll.clientHeight / 2);
    });
    bar.append(button);
  }
  bar.append(wholePage());
  return bar;
}

function wholePage() {
  const studio = document.getElementById("studio");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "nhsuk-button nhsuk-button--secondary nhsuk-button--small";
  button.textContent = "Over the whole page";
  button.setAttribute("aria-pressed", String(studio.classList.contains("studio__parts--wide")));
  button.addEventListener("click", () => button.setAttribute("aria-pressed", String(studio.classList.toggle("studio__parts--wide"))));
  return button;
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
