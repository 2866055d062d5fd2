#!/usr/bin/env python3
"""Estimates without the original beside the truth: bench/without_original.py FOLDER [NAME=ORIGINAL ...]

Of every original, quants are made in FOLDER and measured twice: against the original on 8 windows of
512 tokens, and by `qualm diagnose` of the quant alone, which reads windows of 256: 8 of the 16 that
the same text has. The table and the coverage when one family is
left out: docs/results/surrogate.md. Finished rows are kept in FOLDER/rows.json. MIXES="Q2_K Q4_K_M"
in the environment makes these types only, of large models.
"""
import json
import os
import statistics
import sys

from whole_process import BASE, PEER, QUALM, ROOT, TEXT, THREADS, Run

PLAIN = "Q2_K Q3_K_S Q3_K_M Q4_0 Q4_1 Q5_0 Q5_1 IQ4_NL IQ4_XS Q4_K_S Q4_K_M Q5_K_M Q6_K Q8_0".split()
WITH_IMPORTANCE = "IQ2_XXS IQ2_S IQ3_XXS IQ3_S Q2_K Q3_K_M IQ4_XS Q4_K_M".split()
WINDOWS = 8
# One family where one original was made from the other.
FAMILY = {"base": "bundled", "finetune": "bundled", "moe": "bundled"}


def importance_of(original, folder, name):
    path = os.path.join(folder, f"{name}.imatrix.gguf")
    if not os.path.exists(path):
        Run([PEER, "llama-imatrix", "-m", original, "-f", TEXT, "-c", "512", "--chunks", "30", "-o", path],
            accept=(0, -6))  # it aborts at a character without a token
    return path


def made(original, folder, name, mix, importance):
    path = os.path.join(folder, f"{name}-{'im-' if importance else ''}{mix}.gguf")
    if importance and not os.path.exists(importance_of(original, folder, name)):
        return None
    if not os.path.exists(path):
        words = ["--imatrix", importance_of(original, folder, name)] if importance else []
        Run([PEER, "llama-quantize", *words, original, path, mix])
    return path


def qualm(command, quant, windows, *more):
    run = Run([QUALM, command, quant, *more, "--chunks", str(windows), "-q", "-t", THREADS,
               "--format", "json"], accept=(0, 1, 3))
    return json.loads(run.out), run.wall


def row_of(name, original, quant):
    truth, _ = qualm("measure", quant, WINDOWS, "--baseline", original, "--full")
    alone, seconds = qualm("diagnose", quant, 2 * WINDOWS, "--symptom", "none")
    if not alone["estimated"]:
        return None
    true = truth["results"][0]["metrics"]
    centre = alone["truth_over_estimate"]["value"]
    tier = next(one for one in alone["checks"] if one["id"] == "tier")
    of = {one["name"]: one for one in tier["evidence"]}
    loss, top = of["kld_mean"], of["same_top"]["value"]
    return {"original": name, "quant": os.path.basename(quant), "truth": true["kld_mean"]["value"],
            "raw": loss["value"] / centre, "low": loss["low"], "high": loss["high"],
            "same_top": true["same_top"]["value"], "same_top_estimated": top,
            "importance": "-im-" in quant, "seconds": seconds,
            "ladder": {rung["candidate"]: rung["kld_mean"]["value"] / centre
                       for rung in alone["ladder"]["rungs"] if "yours" not in rung["marks"]}}


def quantile(values, share):
    ordered = sorted(values)
    return ordered[round(share * (len(ordered) - 1))]


def range_of(families):
    """For another model: from the worst family's 5 % to the best one's 95 %, with a margin."""
    return (0.85 * min(quantile(ratios, 0.05) for ratios in families.values()),
            1.1 * max(quantile(ratios, 0.95) for ratios in families.values()))


def by_family(rows):
    families = {}
    for row in rows:
        families.setdefault(FAMILY.get(row["original"], row["original"]), []).append(row["truth"] / row["raw"])
    return families


def halves(importance, rows, apart=("smol", "gemma")):
    """The range of every second quant of the small models, tried on the others and on those set apart."""
    small = [row for row in rows if row["importance"] == importance and row["original"] not in apart]
    low, high = range_of(by_family(small[::2]))
    tried = {"the other half": small[1::2]}
    for name in apart:
        tried[name] = [row for row in rows if row["importance"] == importance and row["original"] == name]
    within = "; ".join(f"{name} {sum(low <= row['truth'] / row['raw'] <= high for row in some)} of {len(some)}"
                       for name, some in tried.items() if some)
    print(f"\nrange of {len(small[::2])} quants, every second of the small models: [{low:.2f}, {high:.2f}]; "
          f"within it: {within}")


def main():
    folder = sys.argv[1]
    originals = dict(word.split("=", 1) for word in sys.argv[2:]) or {
        "base": BASE, "finetune": os.path.join(ROOT, "models", "qualm-tiny-finetune-F16.gguf")}
    kept = os.path.join(folder, "rows.json")
    rows = json.load(open(kept)) if os.path.exists(kept) else []
    done = {row["quant"] for row in rows}
    for name, original in originals.items():
        for importance in (False, True):
            for mix in WITH_IMPORTANCE if importance else PLAIN:
                if mix not in os.environ.get("MIXES", mix).split():
                    continue
                quant = made(original, folder, name, mix, importance)
                if not quant or os.path.basename(quant) in done:
                    continue
                row = row_of(name, original, quant)
                if row:
                    rows.append(row)
                    json.dump(rows, open(kept, "w"), indent=1)
                    print(f"| {row['quant']} | {row['truth']:.5f} | {row['raw']:.5f} | "
                          f"{row['truth'] / row['raw']:.2f} | {row['seconds']:.0f} s |", flush=True)
    report(rows)


def report(rows):
    # Where no type but one fits the rows of a small model, several quants are one file.
    rows = list({(row["original"], row["truth"]): row for row in rows}.values())
    for importance in (False, True):
        families = by_family(row for row in rows if row["importance"] == importance)
        if len(families) < 2:
            continue
        every = [ratio for ratios in families.values() for ratio in ratios]
        low, high = range_of(families)
        print(f"\ntruth over estimate, importance matrix {importance}: median "
              f"{statistics.median(every):.2f}, range for other models [{low:.2f}, {high:.2f}]\n")
        print("| family | quants | least | median | largest | range by the other families | within |")
        print("|---|--:|--:|--:|--:|---|--:|")
        for name, own in sorted(families.items()):
            low, high = range_of({other: ratios for other, ratios in families.items() if other != name})
            inside = sum(low <= ratio <= high for ratio in own)
            print(f"| {name} | {len(own)} | {min(own):.2f} | {statistics.median(own):.2f} | "
                  f"{max(own):.2f} | [{low:.2f}, {high:.2f}] | {inside} |")
        halves(importance, rows)
    covered = sum(row["low"] <= row["truth"] <= row["high"] for row in rows)
    widths = statistics.median(row["high"] / row["low"] for row in rows)
    print(f"printed intervals: {covered} of {len(rows)} hold the truth, median high/low {widths:.2f}")


if __name__ == "__main__":
    main()
