// KLD of groups (domains, confidence, classes), one row each, on one log axis.
import type { ComponentChildren } from "preact";
import type { Metric } from "../document/read";
import { formatEstimate } from "../format/number";
import { Dot, Rows } from "./rows";
import { highOf, lowOf } from "./rungs";
import { logAxis } from "./scale";

export interface Group {
  name: ComponentChildren;
  count: string;
  kld: Metric | null;
  why: string;
}

export function KldRows({ caption, of, counted, groups }: { caption: string; of: string; counted: string; groups: Group[] }) {
  if (groups.length === 0) return null;
  const known = groups.flatMap((group) => (group.kld ? [lowOf(group.kld), highOf(group.kld)] : []));
  const axis = logAxis(known);
  return (
    <Rows
      caption={caption}
      columns={[of, counted, "KLD"]}
      axis={axis}
      rows={groups.map(({ name, count, kld, why }) => ({
        name,
        graphic: kld && <Dot at={axis.at(kld.value)} low={axis.at(lowOf(kld))} high={axis.at(highOf(kld))} />,
        figures: [count, kld ? formatEstimate(kld) : <span class="dim why">{why}</span>],
      }))}
    />
  );
}
