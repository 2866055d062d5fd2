// The pairs of cache types of --kv, compared with an F16 cache.
import { absent, at, label, list, number, type Json } from "../document/read";
import { Depth } from "../chart/depth";
import { formatBytes } from "../format/units";
import { metricText } from "../format/words";
import { Part } from "../ui/parts";
import { Table } from "../ui/table";

const kSeries = ["as_run", "weights", "cache", "cache_k", "cache_v"]; // as many as have own marks

function kldText(pair: Json): string {
  const lost = number(at(pair, "positions_lost")) ?? 0;
  return lost > 0 ? `NaN or infinite at ${lost} positions` : metricText("kld_mean", at(pair, "metrics", "kld_mean"));
}

function departs(json: Json): string {
  const position = number(json);
  return position === null ? (absent(json) ?? "not known") : `position ${position}`;
}

export function Caches({ result }: { result: Json }) {
  const pairs = list(at(result, "kv"));
  if (pairs.length === 0) return null;
  const series = pairs.slice(0, kSeries.length).map((pair, i): Json => ({
    of: kSeries[i] ?? "",
    title: `K ${label(at(pair, "type_k"))}, V ${label(at(pair, "type_v"))}`,
    buckets: at(pair, "buckets", "position"),
  }));
  return (
    <Part title="KV cache: KLD against an F16 cache" lead="The same weights with other cache types.">
      <Table
        caption="KV cache: KLD against an F16 cache"
        columns={[{ title: "K" }, { title: "V" }, { title: "KLD", numeric: true }, { title: "Perplexity change", numeric: true }, { title: "Memory", numeric: true }, { title: "Above noise from" }]}
        rows={pairs.map((pair) => {
          const bytes = number(at(pair, "bytes"));
          return [
            label(at(pair, "type_k")),
            label(at(pair, "type_v")),
            kldText(pair),
            metricText("ppl_change", at(pair, "metrics", "ppl_change")),
            bytes === null ? "not known" : formatBytes(bytes),
            departs(at(pair, "departs_at")),
          ];
        })}
      />
      <Depth depth={series} />
    </Part>
  );
}
