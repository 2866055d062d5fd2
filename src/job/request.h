// What the user asked for, as the command line builds it and as it crosses to the job process.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "evaluate/metrics.h"
#include "evaluate/text_windows.h"

namespace qualm::job {

/// What `qualm repair` changes, and where it writes.
struct Repair {
  std::vector<std::string> set;     ///< "KEY=VALUE"
  std::vector<std::string> copy;    ///< keys of `from`
  std::vector<std::string> remove;  ///< keys
  std::string from;
  std::string output;
};

/// What `qualm reference` makes, and where it writes.
struct PackWanted {
  std::string output;
  std::int64_t windows = 48;  ///< of the text; of each further one kDomainWindows at most
  bool ladder = true;         ///< quant types made from the original are measured too
};

/// What `qualm merge` puts together: reports of `qualm measure`, and their --positions files. It
/// runs in the first process.
struct MergeWanted {
  std::vector<std::string> reports;
  std::vector<std::string> positions;
};

/// What `qualm clinic` makes its cases of, and how it diagnoses them.
struct ClinicWanted {
  std::string finetune;     ///< the model tuned from the baseline, or empty
  std::string moe;          ///< a mixture of experts, or empty
  std::string only;         ///< cases whose name holds this
  bool alone = false;       ///< each case again, without its original
  bool with_packs = false;  ///< each case again, by a reference pack of its original
};

/// What the user's runtime is told beside the model; absent: not said.
struct RunWith {
  std::string lora;  ///< path of an adapter, or empty
  std::optional<double> temperature;
  std::optional<double> repeat_penalty;
};

/// Of a candidate that is a server: the models are then its address alone.
struct ServerWanted {
  std::string file;      ///< that it runs; empty: what it says, where that may be opened
  std::string key_file;  ///< holds its API key; empty: QUALM_API_KEY, or none
  bool as_run = false;   ///< the model is a file: ask the server of this user that runs it
};

/// Shown by a page: the 20 worst tokens are in no more windows.
inline constexpr std::int64_t kShownWindows = 20;

struct Request {
  std::string command;              ///< measure, diagnose, inspect, compare, demo, clinic, repair
  std::vector<std::string> models;  ///< candidates, or the address of one server; only measure
                                    ///< takes several
  std::string baseline;
  std::string reference;  ///< path of a reference pack in place of the baseline, or empty
  std::string base_model;
  ClinicWanted clinic{};
  std::string text;                ///< path; empty: the bundled text
  std::vector<std::string> texts;  ///< further domains, "name=path"
  std::string imatrix;             ///< the importance matrix the candidate was made with, or empty
  evaluate::Protocol protocol = evaluate::Protocol::standard;
  std::int64_t chunks = -1;       ///< windows of the text; -1, as llama.cpp has it: all
  evaluate::WindowRange windows;  ///< measure: which windows of the text to read
  std::string positions;          ///< measure: a file for the scores of every position, or empty
  std::int64_t seed = 0;          ///< of the order in which windows are read
  bool full = false;              ///< do not stop early
  bool kv_grid = false;           ///< measure --kv
  bool use_cache = true;          ///< use and keep finished windows (experiment/store.h)
  /// MiB for what is kept of the original's run: in memory, and in the cache folder.
  std::int64_t reference_memory = 256;
  std::int64_t cache_size = 4096;
  bool low_memory = false;  ///< never two models in memory at the same time
  bool verify = false;      ///< inspect --verify
  std::int64_t top = 10;    ///< compare --top
  std::string symptom;      ///< what the user sees: repetition, ..., all, none; empty: not said
  std::string runtime;      ///< what the model is run with: model/runtime.h; empty: not said
  RunWith run_with;
  ServerWanted server;
  std::string prompts;  ///< path of a prompts file; empty: the bundled one
  std::vector<std::string> fail_if;
  Repair repair;
  PackWanted pack;
  MergeWanted merge;
  std::string pick;         ///< measure: the limit a candidate must keep: "kld_mean<0.05"; or empty
  std::int64_t memory = 0;  ///< bytes that the model may take; 0: all that this machine has
  std::string accept;       ///< what is acceptable: "kld_mean<0.01"; empty: qualm's own lines
  bool plan_only = false;   ///< diagnose: say what it would read, and end
  double budget = 0;        ///< diagnose: seconds that it may take; 0: as long as it takes
  std::vector<std::string> words;  ///< of the command line, for commands to paste
  /// Windows of the text to show token by token, with the weights tensor by tensor; 0: neither.
  std::int64_t shown_windows = 0;
  bool cache_told = true;     ///< the user named the cache types
  bool windows_told = false;  ///< the user named the tokens of a window
  bool cross_check = false;   ///< diagnose: the first windows on the CPU too
  engine::Settings settings;
};

[[nodiscard]] nlohmann::json to_json(const Request& request);
/// REQUEST-001: not a request of this version of qualm.
[[nodiscard]] Result<Request> request_from_json(const nlohmann::json& json);

/// What --runtime may name.
[[nodiscard]] std::vector<std::string> known_runtimes();

/// One --fail-if, or --accept: a metric of evaluate::Measurement against a number.
struct Condition {
  std::string text;  ///< as given
  evaluate::MetricId metric = evaluate::MetricId::kld_mean;
  bool greater = true;
  double threshold = 0;  ///< fraction where the user wrote a percentage
};
/// "ppl_change>1%", "kld_mean > 0.02", "same_top<95%". REQUEST-002 names the metrics there are.
[[nodiscard]] Result<Condition> parse_condition(const std::string& text);
/// "kld_mean<0.01" or "ppl_change<1%", of --accept or --pick. REQUEST-008.
[[nodiscard]] Result<Condition> parse_limit(const std::string& option, const std::string& text);

}  // namespace qualm::job
