// Model -> layer -> tensor, laid out so that width is bytes.
import { hierarchy, partition } from "d3-hierarchy";
import type { Tensor } from "./tensors";

export interface Node {
  name: string;
  layer: number | null;
  tensor: Tensor | null;
  children: Node[];
}

export interface Cell {
  node: Node;
  depth: number;  // 0 model, 1 layer or a tensor outside of the layers, 2 tensor
  from: number;
  to: number;
  bytes: number;
}

const leaf = (tensor: Tensor): Node => ({ name: tensor.name, layer: tensor.layer, tensor, children: [] });

export function treeOf(tensors: Tensor[]): Node {
  const layers = new Map<number, Node>();
  const before: Node[] = [];
  const after: Node[] = [];
  for (const tensor of tensors) {
    if (tensor.layer === null) {
      (/^token_embd|embed/.test(tensor.name) ? before : after).push(leaf(tensor));
      continue;
    }
    const layer = layers.get(tensor.layer) ?? { name: `layer ${tensor.layer}`, layer: tensor.layer, tensor: null, children: [] };
    layer.children.push(leaf(tensor));
    layers.set(tensor.layer, layer);
  }
  const ordered = [...layers.values()].sort((a, b) => (a.layer ?? 0) - (b.layer ?? 0));
  return { name: "model", layer: null, tensor: null, children: [...before, ...ordered, ...after] };
}

export function cellsOf(root: Node): Cell[] {
  const summed = hierarchy(root, (node) => node.children).sum((node) => node.tensor?.bytes ?? 0);
  return partition<Node>()(summed)
    .descendants()
    .map((cell) => ({ node: cell.data, depth: cell.depth, from: cell.x0, to: cell.x1, bytes: cell.value ?? 0 }));
}
